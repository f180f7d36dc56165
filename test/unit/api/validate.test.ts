import assert from 'node:assert/strict';
import { z } from 'zod';
import { integer, text } from '../../../src/api/http/schemas.js';
import { validate } from '../../../src/api/http/validate.js';
import { InvalidInputError } from '../../../src/errors.js';

describe('validate', () => {
  const schema = z.strictObject({
    count: integer(1, 5),
    names: z.array(text(1, 10), 'expected a list of names').optional(),
    url: z.string('expected a url').max(10, 'expected at most 10 characters').optional(),
  });
  const errorsOf = (value: unknown, what: 'body' | 'query' = 'body'): InvalidInputError => {
    try {
      validate(schema, value, what);
    } catch (error) {
      if (error instanceof InvalidInputError) return error;
      throw error;
    }
    assert.fail('nothing was refused');
  };

  it('returns valid input', () => {
    assert.deepEqual(validate(schema, { count: 2, names: ['a'] }, 'body'), { count: 2, names: ['a'] });
  });

  it('names every missing, wrong or unknown field, with what was expected and what came', () => {
    assert.deepEqual(errorsOf({ count: 6, names: ['a', ''], more: 1, __typename: 2 }).errors, [
      { path: 'count', message: 'expected a whole number from 1 to 5, got 6' },
      { path: 'names.1', message: 'expected text of 1 to 10 characters, got ""' },
      { path: 'more', message: 'is unknown; expected one of count, names, url' },
      { path: '__typename', message: 'is unknown; expected one of count, names, url' },
    ]);
    assert.deepEqual(errorsOf({}).errors, [{ path: 'count', message: 'missing; expected a whole number from 1 to 5' }]);
    assert.deepEqual(errorsOf({ count: null }).errors, [
      { path: 'count', message: 'expected a whole number from 1 to 5, got null' },
    ]);
  });

  it('names the first twenty and counts the others', () => {
    const unknown = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`field_${i}`, i]));
    const { message, errors } = errorsOf({ count: 1, ...unknown });
    assert.equal(errors.length, 21);
    assert.equal(errors[19]?.path, 'field_19');
    assert.deepEqual(errors[20], { path: '', message: 'and 99980 more' });
    assert.ok(message.length < 500);
  });

  it('quotes only a short part of a long name or value', () => {
    const long = 'a'.repeat(100_000);
    const { message, errors } = errorsOf({ count: long, [long]: 1 });
    assert.ok(message.length < 500);
    for (const error of errors) assert.ok(error.path.length <= 200 && error.message.length < 300);
    const [{ message: seen } = { message: '' }] = errorsOf({ count: [long, long] }).errors;
    assert.ok(seen.length < 200);
  });

  it('summarises the errors in its message', () => {
    assert.equal(errorsOf({ count: 0, more: 1 }).message, 'The body is not valid: count, more.');
    assert.equal(errorsOf({ count: 0 }, 'query').message, 'The query string is not valid: count.');
  });

  it('does not quote a value that may be secret', () => {
    const { errors } = errorsOf({ count: 1, url: 'https://user:hidden@example.com' });
    assert.deepEqual(errors, [{ path: 'url', message: 'expected at most 10 characters, got a string' }]);
  });

  it('says what came instead of an object', () => {
    for (const [value, seen] of [
      [null, 'null'],
      [[], 'an array'],
      ['hidden', 'a string'],
    ] as const) {
      const { message, errors } = errorsOf(value);
      assert.match(message, new RegExp(`got ${seen}\\.$`));
      assert.ok(!message.includes('hidden'));
      assert.deepEqual(errors, []);
    }
  });
});
