import assert from 'node:assert/strict';
import { z } from 'zod';
import { integer, listOf, text, timeInput } from '../../../src/api/http/schemas.js';
import { validate } from '../../../src/api/http/validate.js';
import { InvalidInputError } from '../../../src/errors.js';

describe('validate', () => {
  const schema = z.strictObject({
    count: integer(1, 5),
    names: listOf(text(1, 10), 1, 3, 'names').optional(),
    at: timeInput().optional(),
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
      { path: 'more', message: 'is unknown; expected one of count, names, at, url' },
      { path: '__typename', message: 'is unknown; expected one of count, names, at, url' },
    ]);
    assert.deepEqual(errorsOf({}).errors, [{ path: 'count', message: 'missing; expected a whole number from 1 to 5' }]);
    assert.deepEqual(errorsOf({ count: null }).errors, [
      { path: 'count', message: 'expected a whole number from 1 to 5, got null' },
    ]);
  });

  it('says that a list, or text, was expected', () => {
    assert.deepEqual(errorsOf({ count: 1, names: 'Anna' }).errors, [
      { path: 'names', message: 'expected a list of 1 to 3 names, got "Anna"' },
    ]);
    for (const names of [[], ['a', 'b', 'c', 'd']])
      assert.match(errorsOf({ count: 1, names }).errors[0]!.message, /^expected a list of 1 to 3 names, got \[/);
    assert.deepEqual(errorsOf({ count: 1, names: [5] }).errors, [
      { path: 'names.0', message: 'expected text of 1 to 10 characters, got 5' },
    ]);
  });

  it('hints at %2B where a time lost its +', () => {
    const messageFor = (at: string) => errorsOf({ count: 1, at }).errors[0]!.message;
    const expected = 'expected an RFC 3339 time with offset, like 2025-10-29T12:00:00Z';
    assert.equal(
      messageFor('2025-10-29T12:00:00 02:00'),
      `${expected}; in a query string + is written %2B, got "2025-10-29T12:00:00 02:00"`,
    );
    assert.equal(messageFor('2025-10-29 12:00'), `${expected}, got "2025-10-29 12:00"`);
  });

  it('names the first twenty and counts the others', () => {
    const unknown = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`field_${i}`, i]));
    const { message, errors } = errorsOf({ count: 1, ...unknown });
    assert.equal(errors.length, 21);
    assert.equal(errors[19]?.path, 'field_19');
    assert.deepEqual(errors[20], { path: '', message: '99980 more are wrong' });
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
    assert.deepEqual(errors, [{ path: 'url', message: 'expected at most 10 characters, got text' }]);
  });

  it('says what came instead of an object', () => {
    for (const [value, seen] of [
      [null, 'null'],
      [[], 'a list'],
      ['hidden', 'text'],
    ] as const) {
      const { message, errors } = errorsOf(value);
      assert.match(message, new RegExp(`got ${seen}\\.$`));
      assert.ok(!message.includes('hidden'));
      assert.deepEqual(errors, []);
    }
  });
});
