import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJsonText } from '../../../src/events/json-text.js';
import { InvalidInputError } from '../../../src/errors.js';

const parse = (text: string) => parseJsonText(Buffer.from(text));

describe('parseJsonText', () => {
  it('returns what JSON.parse returns, and accepts everything that JSON.stringify makes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: 'binary' }), fc.boolean(), (text, spaced) => {
        const value = JSON.parse(text) as unknown;
        const { value: parsed, inexactNumbers } = parse(
          spaced ? JSON.stringify(value, null, 2) : JSON.stringify(value),
        );
        assert.deepEqual(JSON.stringify(parsed), JSON.stringify(value));
        assert.deepEqual(inexactNumbers, []);
      }),
    );
  });

  it('accepts numbers that a double can hold, however they are written', () => {
    const same = [
      '0',
      '-0',
      '-0.0',
      '1.0',
      '1e2',
      '100E-2',
      '0.1',
      '1e21',
      '5e-324',
      '1.7976931348623157e308',
      '9007199254740992',
      '-1.50',
      '0e999',
    ];
    for (const text of same) assert.deepEqual(parse(text).inexactNumbers, [], text);
  });

  it('finds numbers that would change, with their path', () => {
    for (const text of [
      '9007199254740993',
      '-9007199254740993',
      '12345678901234567890',
      '1e400',
      '-1e400',
      '1e-400',
      '0.1000000000000000000001',
      '3.14159265358979323846',
    ]) {
      assert.deepEqual(parse(text).inexactNumbers, [{ path: [], text }], text);
    }
    const nested = '{"a,b":{"c\\"]":[0,"1e400",[],{"d":1e400}, 1e-400]},"e":2e400}';
    assert.deepEqual(parse(nested).inexactNumbers, [
      { path: ['a,b', 'c"]', 3, 'd'], text: '1e400' },
      { path: ['a,b', 'c"]', 4], text: '1e-400' },
      { path: ['e'], text: '2e400' },
    ]);
  });

  it('refuses a name that occurs twice in one object, even if escaped differently', () => {
    for (const [text, path] of [
      ['{"a":1,"a":1}', 'a'],
      ['{"a":1,"\\u0061":2}', 'a'],
      ['[{"x":{"b":1,"c":[],"b":2}}]', '0.x.b'],
      ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ] as const) {
      assert.throws(
        () => parse(text),
        (error) => error instanceof InvalidInputError && error.errors[0]?.path === path,
        text,
      );
    }
  });

  it('accepts the same name in different objects, and as a value', () => {
    const { value } = parse('{"a":{"a":"a"},"b":[{"a":"b"},{"a":"a"},"a","a"]}');
    assert.deepEqual(value, { a: { a: 'a' }, b: [{ a: 'b' }, { a: 'a' }, 'a', 'a'] });
  });

  it('accepts 100 levels and refuses more', () => {
    const nested = (levels: number) => '[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2);
    assert.deepEqual(parse(nested(100)).inexactNumbers, []);
    assert.throws(() => parse(nested(102)), InvalidInputError);
    assert.throws(() => parse('['.repeat(200_000) + ']'.repeat(200_000)), InvalidInputError);
  });

  it('skips a byte-order mark and refuses what is not UTF-8', () => {
    assert.equal(parseJsonText(Buffer.from([0xef, 0xbb, 0xbf, 0x31])).value, 1);
    assert.throws(() => parseJsonText(Buffer.from([0x22, 0xe9, 0x22])), InvalidInputError);
  });

  it('accepts every number of at most 15 digits with a two-digit exponent, since a double holds it', () => {
    const digits = fc.stringMatching(/^[1-9]\d{0,6}\.\d{1,6}$/);
    fc.assert(
      fc.property(digits, fc.integer({ min: -99, max: 99 }), (mantissa, exponent) => {
        const text = `${mantissa}e${exponent}`;
        assert.deepEqual(parse(text).inexactNumbers, []);
        // Rounded to the digits that were written, the double gives the same number again.
        const written = mantissa.replace('.', '').replace(/(?<!0)0+$/, '');
        const read = Number(text)
          .toExponential(14)
          .split('e')[0]!
          .replace('.', '')
          .replace(/(?<!0)0+$/, '');
        assert.equal(read, written);
      }),
    );
  });

  it('reads a long number in linear time', () => {
    const zeros = '0'.repeat(64_000);
    const started = performance.now();
    for (const text of [`0.1${zeros}1`, `1${zeros}1`, `-1${zeros}.${zeros}1e-${zeros}7`]) {
      assert.deepEqual(parse(text).inexactNumbers, [{ path: [], text }]);
    }
    for (const text of [`0.1${zeros}`, `1e${zeros}7`])
      assert.deepEqual(parse(text).inexactNumbers, [], text.slice(0, 9));
    assert.ok(performance.now() - started < 2_000);
  });

  it('returns only as many inexact numbers as are shown, and cuts the path of a repeated name', () => {
    assert.equal(parse(`[${'1e999,'.repeat(10_000)}0]`).inexactNumbers.length, 21);
    const name = 'a'.repeat(10_000);
    assert.throws(
      () => parse(`{"${name}":1,"${name}":1}`),
      (error) => error instanceof InvalidInputError && error.errors[0]!.path.length === 200,
    );
  });

  it('reads a body of many small tokens in linear time', () => {
    const started = performance.now();
    parse(`[${'"\\\\\\"",'.repeat(100_000)}1]`);
    parse(`{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1.5e3`).join(',')}}`);
    assert.ok(performance.now() - started < 2_000);
  });
});
