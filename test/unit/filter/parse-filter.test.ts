import assert from 'node:assert/strict';
import { maxConditions, maxFilterBytes, parseFilter } from '../../../src/filter/parse-filter.js';

const errorsOf = (written: unknown) => {
  const parsed = parseFilter(written);
  return parsed.ok ? [] : parsed.errors;
};
const nest = (levels: number): unknown => (levels === 0 ? { event: 'x' } : { $not: nest(levels - 1) });
const conditions = (count: number) => ({ $or: Array.from({ length: count }, (_, i) => ({ 'data.n': i })) });
const listed = (one: number, other: number) => ({ data: { $in: Array(one).fill(1), $nin: Array(other).fill(1) } });

describe('a filter', () => {
  it('is read into its conditions, each with what its tenant wrote', () => {
    const written = {
      'data.direction': 'inbound',
      $or: [{ 'data.seconds': { $gte: 60, $lt: 100 } }, { $not: { 'data.a b."c"': { $in: [null, true] } } }],
    };
    const and = (...all: unknown[]) => ({ all });
    const of = (path: string, operator: string, operand: unknown, written: unknown = { [operator]: operand }) => ({
      condition: { path, operator, operand },
      written,
    });
    assert.deepEqual(parseFilter(written), {
      ok: true,
      filter: and(of('data.direction', '$eq', 'inbound', 'inbound'), {
        any: [
          and(of('data.seconds', '$gte', 60), of('data.seconds', '$lt', 100)),
          { not: of('data.a b."c"', '$in', [null, true]) },
        ],
      }),
    });
    assert.deepEqual(parseFilter({}), { ok: true, filter: { all: [] } });
  });

  it('may use every operator, and its own names only', () => {
    for (const operators of [
      ...[null, true, 'x', 0].map((value) => ({ $eq: value, $ne: value, $in: [value], $nin: [value, value] })),
      ...['x', 1.5].map((value) => ({ $gt: value, $gte: value, $lt: value, $lte: value })),
      { $startsWith: '' },
      { $exists: false },
    ])
      assert.deepEqual(errorsOf({ data: operators }), [], JSON.stringify(operators));
  });

  const refused: [written: unknown, path: string, message: RegExp][] = [
    [null, '', /^expected an object of conditions, got null$/],
    [[], '', /got a list$/],
    [{ type: 'x' }, 'type', /^is unknown; expected event, event_id, timestamp, data/],
    [{ 'event.type': 'x' }, 'event.type', /^is unknown/],
    [{ 'data.': 'x' }, 'data.', /^is unknown/],
    [{ 'data..a': 'x' }, 'data..a', /^is unknown/],
    [{ '': 'x' }, '', /^is unknown/],
    [{ 'data.a\0': 'x' }, 'data.a\0', /^is unknown/],
    [{ 'data.\ud800': 'x' }, 'data.\ud800', /^is unknown/],
    [JSON.parse('{"__proto__": 1}'), '__proto__', /^is unknown/],
    [{ data: {} }, 'data', /^expected a value, or an operator of \$eq, /],
    [{ data: { a: 1 } }, 'data.a', /^is unknown; expected one of \$eq, /],
    [{ data: { constructor: 1 } }, 'data.constructor', /^is unknown; expected one of/],
    [{ data: { $regex: 'a' } }, 'data.$regex', /^is unknown; expected one of \$eq, /],
    [{ data: { $not: { $gt: 1 } } }, 'data.$not', /\$and, \$or and \$not go around conditions$/],
    [{ data: [1] }, 'data', /^expected text, a number, true, false or null, got a list; .*\$in$/],
    [{ data: { $eq: {} } }, 'data.$eq', /got an object$/],
    [{ data: { $ne: ['a'] } }, 'data.$ne', /got a list/],
    [{ data: 'a\0' }, 'data', /got NUL or an unpaired surrogate$/],
    [{ data: { $startsWith: '\udc00' } }, 'data.$startsWith', /^expected text, got NUL or an unpaired/],
    [{ data: { $startsWith: 1 } }, 'data.$startsWith', /^expected text, got a number$/],
    [{ data: { $gt: null } }, 'data.$gt', /^expected a number or text, got null$/],
    [{ data: { $lte: true } }, 'data.$lte', /^expected a number or text, got a boolean$/],
    [{ data: { $exists: 1 } }, 'data.$exists', /^expected true or false, got a number$/],
    [{ data: { $in: 'a' } }, 'data.$in', /^expected a list of values, got text$/],
    [{ data: { $nin: [] } }, 'data.$nin', /^expected a list of values, got an empty one$/],
    [listed(150, 51), '', /^expected at most 200 values in all lists together, got 201$/],
    [{ data: { $in: ['a', {}] } }, 'data.$in.1', /got an object$/],
    [{ $gt: 1 }, '$gt', /^needs a field: \{"data.direction": \{"\$gt": …\}\}$/],
    [{ $where: 'x' }, '$where', /^is unknown; expected \$and, \$or and \$not, or a field/],
    [{ $and: {} }, '$and', /^expected a list of filters, got an object$/],
    [{ $or: [] }, '$or', /^expected a list of filters, got an empty one$/],
    [{ $and: [{ event: 'a' }, 1] }, '$and.1', /^expected an object of conditions, got a number$/],
    [{ $not: [] }, '$not', /^expected an object of conditions, got a list$/],
    [{ $not: {} }, '$not', /^expected at least one condition$/],
    [{ $or: [{ 'data.a': { $gt: {} } }] }, '$or.0.data.a.$gt', /^expected a number or text, got an object$/],
    [nest(6), '$not.$not.$not.$not.$not.$not', /^is too deep; at most 5 of \$and, \$or and \$not may be/],
    [conditions(maxConditions + 1), '', /^expected at most 50 conditions, got 51$/],
    [{ data: 'x'.repeat(maxFilterBytes) }, '', /^expected at most 8192 bytes of JSON, got 8203$/],
    [{ data: '€'.repeat(maxFilterBytes / 3) }, '', /^expected at most 8192 bytes of JSON/],
  ];
  for (const [written, path, message] of refused) {
    it(`is refused at ${JSON.stringify(path).slice(0, 60)}: ${JSON.stringify(written).slice(0, 60)}`, () => {
      const errors = errorsOf(written);
      assert.deepEqual([errors.length, errors[0]?.path], [1, path]);
      assert.match(errors[0]?.message ?? '', message);
    });
  }

  it('may be as large as the limits say', () => {
    assert.deepEqual(errorsOf(nest(5)), []);
    assert.deepEqual(errorsOf(conditions(maxConditions)), []);
    assert.deepEqual(errorsOf({ data: 'x'.repeat(maxFilterBytes - 11) }), []);
    assert.deepEqual(errorsOf(listed(100, 100)), []);
  });

  it('is refused with all that is wrong', () => {
    const errors = errorsOf({ type: 1, 'data.a': { $gt: null, $like: 'x' }, $or: [{ data: [] }, {}] });
    assert.deepEqual(
      errors.map(({ path }) => path),
      ['type', 'data.a.$gt', 'data.a.$like', '$or.0.data', '$or.1'],
    );
  });

  it('shows no value in its errors', () =>
    assert.doesNotMatch(JSON.stringify(errorsOf({ data: { $gt: ['secret'], $exists: 'secret' } })), /secret/));
});
