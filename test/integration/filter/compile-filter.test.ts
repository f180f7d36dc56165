import assert from 'node:assert/strict';
import fc from 'fast-check';
import { renderBody } from '../../../src/delivery/body.js';
import { compileFilter } from '../../../src/filter/compile-filter.js';
import { parseFilter, type Filter } from '../../../src/filter/parse-filter.js';
import { conditionsOf, unmetConditions } from '../../../src/filter/unmet-conditions.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

type Data = Record<string, unknown>;

function parsed(written: unknown): Filter {
  const result = parseFilter(written);
  assert.ok(result.ok, `${JSON.stringify(written)}: ${JSON.stringify(result)}`);
  return result.filter;
}

const envelope = { eventType: 'call.completed', eventId: 'call-1', timestamp: '2025-10-29T12:00:00.000Z' };
const bodyOf = (data: unknown) => renderBody({ ...envelope, data });

// The rules once more, on parsed JSON and without jsonpath.

const valueAt = (event: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
          ? (value as Data)[name]
          : undefined,
      event,
    );

/** By code point, as Postgres compares it; JavaScript compares UTF-16. */
const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function holds(value: unknown, operator: string, operand: unknown): boolean {
  const compared =
    typeof value === 'number' && typeof operand === 'number'
      ? value - operand
      : typeof value === 'string' && typeof operand === 'string'
        ? order(value, operand)
        : NaN;
  switch (operator) {
    case '$eq':
      return operand === (value ?? null);
    case '$ne':
      return operand !== (value ?? null);
    case '$in':
      return (operand as unknown[]).includes(value ?? null);
    case '$nin':
      return !(operand as unknown[]).includes(value ?? null);
    case '$gt':
      return compared > 0;
    case '$gte':
      return compared >= 0;
    case '$lt':
      return compared < 0;
    case '$lte':
      return compared <= 0;
    case '$startsWith':
      return typeof value === 'string' && value.startsWith(operand as string);
    case '$exists':
      return (value !== undefined) === operand;
    default:
      throw new Error(operator);
  }
}

function expected(written: Data, event: unknown): boolean {
  return Object.entries(written).every(([name, part]) => {
    if (name === '$and') return (part as Data[]).every((one) => expected(one, event));
    if (name === '$or') return (part as Data[]).some((one) => expected(one, event));
    if (name === '$not') return !expected(part as Data, event);
    const operators = typeof part === 'object' && part !== null ? part : { $eq: part };
    return Object.entries(operators).every(([operator, operand]) => holds(valueAt(event, name), operator, operand));
  });
}

describe('a filter in Postgres', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  before(async () => void (database = await createTestDatabase()));
  after(() => database.drop());

  /** What each filter says of each body. Errors of a path are not silenced. */
  async function answers(filters: Filter[], bodies: string[]): Promise<(boolean | null)[][]> {
    const { rows } = await database.pool.query<{ answers: (boolean | null)[] }>(
      `select array(select jsonb_path_match(e.event, f.path::jsonpath) from unnest($1::text[]) with ordinality f (path, n)
                     order by f.n) as answers
         from (select filterable(b.body) as event, b.n from unnest($2::text[]) with ordinality b (body, n) offset 0) e
        order by e.n`,
      [filters.map(compileFilter), bodies],
    );
    return rows.map((row) => row.answers);
  }

  const call = {
    direction: 'inbound',
    seconds: 60,
    from: '+15551234567',
    tags: ['a', 'b'],
    agent: { id: 7, name: null },
  };
  const cases: [written: Data, data: unknown, matches: boolean][] = [
    [{}, call, true],
    [{ event: 'call.completed', event_id: 'call-1', timestamp: { $gte: '2025-10-29T12:00:00Z' } }, call, false],
    [{ event: { $startsWith: 'call.' }, timestamp: { $gte: '2025-10-29', $lt: '2025-10-30' } }, call, true],
    [{ 'data.direction': 'inbound', 'data.seconds': { $gte: 60 } }, call, true],
    [{ 'data.direction': 'inbound', 'data.seconds': { $gt: 60 } }, call, false],
    [{ 'data.direction': 'Inbound' }, call, false],
    [{ 'data.agent.id': 7 }, call, true],
    // Null and missing.
    [{ 'data.agent.name': null }, call, true],
    [{ 'data.nothing': null }, call, true],
    [{ 'data.nothing.at.all': null }, call, true],
    [{ 'data.direction.at.all': null }, call, true],
    [{ 'data.direction': null }, call, false],
    [{ 'data.agent': null }, call, false],
    [{ 'data.tags': null }, call, false],
    [{ 'data.nothing': { $ne: null } }, call, false],
    [{ 'data.tags': { $ne: null } }, call, true],
    [{ 'data.nothing': { $ne: 'x' } }, call, true],
    [{ 'data.nothing': { $in: ['x', null] } }, call, true],
    [{ 'data.direction': { $in: ['x', null] } }, call, false],
    [{ 'data.nothing': { $nin: ['x', null] } }, call, false],
    [{ 'data.nothing': { $nin: ['x'] } }, call, true],
    [{ 'data.nothing': { $exists: true } }, call, false],
    [{ 'data.nothing': { $exists: false } }, call, true],
    [{ 'data.agent.name': { $exists: true } }, call, true],
    [{ 'data.agent.name': { $exists: false } }, call, false],
    [{ 'data.nothing': { $gte: 0 } }, call, false],
    [{ 'data.nothing': { $lt: 'x' } }, call, false],
    // Unlike types.
    [{ 'data.seconds': '60' }, call, false],
    [{ 'data.seconds': { $ne: '60' } }, call, true],
    [{ 'data.seconds': { $gte: '0' } }, call, false],
    [{ 'data.from': { $gt: 0 } }, call, false],
    [{ 'data.seconds': true }, { seconds: 1 }, false],
    [{ 'data.seconds': { $startsWith: '6' } }, call, false],
    [{ $not: { 'data.seconds': { $gte: '0' } } }, call, true],
    [{ $not: { 'data.nothing': { $gt: 5 } } }, call, true],
    [{ 'data.on': true }, { on: true }, true],
    [{ 'data.on': false }, { on: true }, false],
    [{ 'data.on': false }, {}, false],
    // Lists and objects are compared with nothing, and not looked into.
    [{ 'data.tags': 'a' }, call, false],
    [{ 'data.tags': { $ne: 'a' } }, call, true],
    [{ 'data.tags': { $in: ['a'] } }, call, false],
    [{ 'data.tags': { $startsWith: 'a' } }, call, false],
    [{ 'data.tags': { $gt: '' } }, call, false],
    [{ 'data.tags': { $exists: true } }, call, true],
    [{ 'data.tags.0': { $exists: true } }, call, false],
    [{ 'data.list.id': 1 }, { list: [{ id: 1 }] }, false],
    [{ 'data.agent': 7 }, call, false],
    [{ 'data.0': 'x' }, { 0: 'x' }, true],
    // Numbers.
    [{ 'data.n': 1 }, { n: 1.0 }, true],
    [{ 'data.n': 0.1 }, { n: 0.1 }, true],
    [{ 'data.n': { $lt: 0.30000000000000004 } }, { n: 0.3 }, true],
    [{ 'data.n': -1.5e-7 }, { n: -1.5e-7 }, true],
    [{ 'data.n': 1e21 }, { n: 1e21 }, true],
    [{ 'data.n': -0 }, { n: 0 }, true],
    [{ 'data.n': Number.MAX_VALUE }, { n: Number.MAX_VALUE }, true],
    [{ 'data.n': { $gt: Number.MAX_SAFE_INTEGER } }, { n: Number.MAX_VALUE }, true],
    [{ 'data.n': { $gt: 0 } }, { n: Number.MIN_VALUE }, true],
    [{ 'data.n': { $gte: -10, $lt: -5 } }, { n: -5.1 }, true],
    // Text.
    [{ 'data.from': { $startsWith: '+1555' } }, call, true],
    [{ 'data.from': { $startsWith: '.1555' } }, call, false],
    [{ 'data.from': { $startsWith: '' } }, call, true],
    [{ 'data.t': { $startsWith: '^a.*(b|c)[' } }, { t: '^a.*(b|c)[$' }, true],
    [{ 'data.t': { $startsWith: 'a"b\\' } }, { t: 'a"b\\c' }, true],
    [{ 'data.t': { $startsWith: '😀' } }, { t: '😀😀' }, true],
    [{ 'data.t': { $startsWith: 'é' } }, { t: 'e\u0301' }, false],
    [{ 'data.t': 'a\n\t\b\f\r\u0001\u007f\u2028"\'\\/$1%_' }, { t: 'a\n\t\b\f\r\u0001\u007f\u2028"\'\\/$1%_' }, true],
    [{ 'data.t': '\\u0041' }, { t: 'A' }, false],
    [{ 'data.t': '") || exists($) || (@ == "' }, { t: 'x' }, false],
    [{ 'data.t': { $gt: 'Z' } }, { t: 'a' }, true],
    [{ 'data.t': { $gt: '\uffff' } }, { t: '😀' }, true],
    // Names.
    [
      { 'data.a b': 1, 'data.é"\\\'': 2, 'data.$x': 3, 'data.type()': 4 },
      { 'a b': 1, 'é"\\\'': 2, $x: 3, 'type()': 4 },
      true,
    ],
    [{ 'data.*': 1 }, { a: 1 }, false],
    [{ 'data.__proto__': 1 }, JSON.parse('{"__proto__": 1}'), true],
    [{ 'data.constructor': null }, {}, true],
    // What jsonb refuses is replaced.
    [{ 'data.t': 'x' }, { t: 'x', other: '\0' }, true],
    [{ 'data.t': 'y' }, { t: 'x', other: '\ud800' }, false],
    [{ 'data.t': { $startsWith: 'a\ufffd\ufffd' } }, { t: 'a\0\0\udc00\\', '\0': 1 }, true],
    [{ 'data.t': '\\\\u0000' }, { t: '\\\\u0000', other: '\0' }, true],
    [{ 'data.t': '\ue800x\uefff' }, { t: '\ud800x\udfff' }, true],
    [{ 'data.t': '\\ud800 \ud7ff' }, { t: '\\ud800 \ud7ff', other: '\ud800' }, true],
    [{ 'data.t': '\\\ufffd' }, { t: '\\\0' }, true],
    // Around conditions.
    [{ $or: [{ 'data.direction': 'x' }, { 'data.seconds': 60 }] }, call, true],
    [{ $or: [{ 'data.direction': 'x' }, { 'data.nothing.x': 60 }] }, call, false],
    [{ $and: [{ 'data.direction': 'inbound' }, { 'data.seconds': 61 }] }, call, false],
    [{ $not: { $or: [{ 'data.nothing': 1 }, { 'data.tags': 'a' }] } }, call, true],
    [{ $not: { $and: [{ 'data.nothing': 1 }, { 'data.seconds': 60 }] } }, call, true],
    [{ $not: { $not: { $not: { $not: { $not: { 'data.nothing': 1 } } } } } }, call, true],
    [{ 'data.seconds': 60, $or: [{ 'data.direction': 'x' }, { $not: { 'data.direction': 'x' } }] }, call, true],
  ];

  it('says of each event what the rules say', async () => {
    const wrong: unknown[] = [];
    for (const [written, data, matches] of cases) {
      const [[answer] = []] = await answers([parsed(written)], [bodyOf(data)]);
      if (answer !== matches) wrong.push({ written, data, answer });
    }
    assert.deepEqual(wrong, []);
  });

  const leaf = fc.constantFrom<unknown>(null, true, false, 0, 1, -1.5, 60, '', '0', 'a', 'ab', 'A', 'é', '"\\', '😀');
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { weight: 6, arbitrary: leaf },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 2 }) },
      { weight: 2, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'a b', '0'), tie('value'), { maxKeys: 3 }) },
    ),
  })).value;
  const data = fc.dictionary(fc.constantFrom('a', 'b', 'a b', '0'), value, {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  });
  const path = fc
    .array(fc.constantFrom('a', 'b', 'a b', '0', 'c'), { maxLength: 3 })
    .map((names) => ['data', ...names].join('.'));
  const list = fc.array(leaf, { minLength: 1, maxLength: 4 });
  const orderedLeaf = leaf.filter((one) => typeof one === 'number' || typeof one === 'string');
  const operators = fc
    .record(
      {
        ...{ $eq: leaf, $ne: leaf, $in: list, $nin: list, $exists: fc.boolean() },
        ...{ $gt: orderedLeaf, $gte: orderedLeaf, $lt: orderedLeaf, $lte: orderedLeaf },
        $startsWith: leaf.filter((one) => typeof one === 'string'),
      },
      { requiredKeys: [], noNullPrototype: true },
    )
    .map((all) => Object.fromEntries(Object.entries(all).slice(0, 2)))
    .filter((some) => Object.keys(some).length > 0);
  const filter = (depth: number): fc.Arbitrary<Data> => {
    const fields = fc.dictionary(path, fc.oneof(leaf, operators), { minKeys: 1, maxKeys: 2, noNullPrototype: true });
    if (depth === 0) return fields;
    const inner = filter(depth - 1);
    const some = fc.array(inner, { minLength: 1, maxLength: 3 });
    return fc.oneof(
      fields,
      fc.record({ $and: some }),
      fc.record({ $or: some }),
      fc.record({ $not: inner }),
      fc.tuple(fields, some).map(([all, $or]) => ({ ...all, $or })),
    );
  };

  it('agrees with a small evaluator on random filters and events, and so do its single conditions', async () => {
    let matching = 0;
    let other = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          filter(3).filter((one) => parseFilter(one).ok),
          { minLength: 10, maxLength: 10 },
        ),
        fc.array(data, { minLength: 10, maxLength: 10 }),
        async (filters, events) => {
          const bodies = events.map(bodyOf);
          const all = filters.map(parsed);
          const conditions = all.flatMap(conditionsOf);
          const rows = await answers([...all, ...conditions], bodies);
          for (const [i, body] of bodies.entries()) {
            const row = rows[i]!;
            for (const [j, written] of filters.entries()) {
              const matches = expected(written, JSON.parse(body));
              if (matches) matching += 1;
              else other += 1;
              assert.equal(row[j], matches, JSON.stringify({ written, event: events[i] }));
              const unmet = unmetConditions(all[j]!, (one) => row[all.length + conditions.indexOf(one)]!);
              assert.equal(unmet.length === 0, matches, JSON.stringify({ written, event: events[i], unmet }));
            }
          }
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(matching > 1_000 && other > 1_000, `${matching} matched, ${other} did not`);
  });
});
