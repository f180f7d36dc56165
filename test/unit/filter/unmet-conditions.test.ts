import assert from 'node:assert/strict';
import { parseFilter } from '../../../src/filter/parse-filter.js';
import { conditionsOf, unmetConditions, valueAt } from '../../../src/filter/unmet-conditions.js';

/** Conditions on data.yes hold, others do not. */
const unmet = (written: unknown) => {
  const parsed = parseFilter(written);
  assert.ok(parsed.ok);
  return unmetConditions(parsed.filter, ({ condition }) => condition.path === 'data.yes').map(
    ({ condition, written }) => [condition.path, written],
  );
};
const yes = { 'data.yes': 1 };
const [a, b] = [{ 'data.a': 1 }, { 'data.b': { $gt: 2 } }];

describe('why an event does not match', () => {
  const cases: [written: object, unmet: [path: string, written: unknown][]][] = [
    [{}, []],
    [yes, []],
    [a, [['data.a', 1]]],
    [{ ...yes, ...b }, [['data.b', { $gt: 2 }]]],
    [
      { 'data.a': { $gt: 1, $lt: 9 } },
      [
        ['data.a', { $gt: 1 }],
        ['data.a', { $lt: 9 }],
      ],
    ],
    [{ $or: [a, yes] }, []],
    [
      { $or: [a, b] },
      [
        ['data.a', 1],
        ['data.b', { $gt: 2 }],
      ],
    ],
    [
      { $and: [a, yes, b] },
      [
        ['data.a', 1],
        ['data.b', { $gt: 2 }],
      ],
    ],
    [{ $not: a }, []],
    [{ $not: yes }, [['data.yes', { $not: 1 }]]],
    [{ $not: { $or: [a, yes] } }, [['data.yes', { $not: 1 }]]],
    [{ $not: { $and: [a, yes] } }, []],
    [{ $not: { $not: a } }, [['data.a', 1]]],
    [
      { $or: [{ $not: yes }, { $and: [yes, a] }] },
      [
        ['data.yes', { $not: 1 }],
        ['data.a', 1],
      ],
    ],
  ];
  for (const [written, expected] of cases)
    it(JSON.stringify(written), () => assert.deepEqual(unmet(written), expected));

  it('is asked of every condition', () => {
    const parsed = parseFilter({ $or: [a, { $not: { $and: [b, yes] } }] });
    assert.ok(parsed.ok);
    assert.deepEqual(
      conditionsOf(parsed.filter).map(({ condition }) => condition.path),
      ['data.a', 'data.b', 'data.yes'],
    );
  });

  it('shows the value of a field, or null', () => {
    const event = { data: { a: { 'b c': [1], n: null }, 'x.y': 1, list: [{ z: 1 }] } };
    const values: [path: string, value: unknown][] = [
      ['data.a.b c', [1]],
      ['data.a.n', null],
      ['data.a', event.data.a],
      ['data.x.y', null],
      ['data.list.0', null],
      ['data.list.length', null],
      ['data.constructor', null],
      ['event', null],
    ];
    for (const [path, value] of values) assert.deepEqual(valueAt(event, path), value, path);
  });
});
