import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { prepared } from '../../../src/db/statement.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startTransactionPooler } from '../../support/transaction-pooler.js';

describe('a named statement', () => {
  let database: TestDatabase;
  let db: Database;
  let evidence: string[];
  before(async () => void (database = await createTestDatabase()));
  beforeEach(() => {
    evidence = [];
    db = openDatabase({ url: database.url, poolSize: 1, onPooler: (noticed) => evidence.push(noticed) });
  });
  afterEach(() => db.close());
  after(() => database.drop());

  const statement = { name: 'answer', text: 'select $1::int as a' };
  const namesOfSession = async () =>
    (await db.query<{ name: string }>('select name from pg_prepared_statements')).rows.map(({ name }) => name);

  it('still works after a migration changed its result type, even in a transaction', async () => {
    const statement = { name: 'answer', text: 'select * from answer($1)' };
    await db.query('create function answer(x integer) returns table (a integer) language sql as $$ select x $$');
    assert.deepEqual((await db.query(statement, [1])).rows, [{ a: 1 }]);
    await db.query('drop function answer');
    await db.query(`create function answer(x integer) returns table (b text) language sql as $$ select x || '!' $$`);
    assert.deepEqual((await db.transaction((tx) => tx.query(statement, [1]))).rows, [{ b: '1!' }]);
    assert.deepEqual((await db.query(statement, [1])).rows, [{ b: '1!' }]);
    await db.query('drop function answer');
    await db.query('create function answer(x integer) returns table (c integer) language sql as $$ select x + 1 $$');
    assert.deepEqual((await db.query(statement, [1])).rows, [{ c: 2 }]);
    assert.deepEqual(evidence, []);
  });

  it('is prepared once per connection', async () => {
    for (const a of [1, 2, 3]) assert.deepEqual((await db.query(statement, [a])).rows, [{ a }]);
    assert.deepEqual(await namesOfSession(), [prepared(statement).name]);
  });

  it('has a different name for a different text, so that no version uses what another version prepared', async () => {
    assert.deepEqual((await db.query(statement, [1])).rows, [{ a: 1 }]);
    assert.deepEqual((await db.query({ ...statement, text: 'select $1::int as b' }, [1])).rows, [{ b: 1 }]);
  });

  for (const [what, spoil] of [
    ['is not there (26000)', 'deallocate all'],
    [
      'is there already (42P05)',
      `prepare ${prepared({ name: 'fresh', text: statement.text }).name} as select 'foreign'`,
    ],
  ] as const) {
    it(`field case 81: is repeated without its name where that ${what}, and names are not used from then on`, async () => {
      await db.query(statement, [1]);
      await db.query(spoil);
      const spoilt = { ...statement, name: what.startsWith('is not') ? 'answer' : 'fresh' };
      assert.deepEqual((await db.query(spoilt, [2])).rows, [{ a: 2 }]);
      assert.equal(evidence.length, 1);
      const before = await namesOfSession();
      assert.deepEqual((await db.query({ ...statement, name: 'another' }, [3])).rows, [{ a: 3 }]);
      assert.deepEqual(await namesOfSession(), before);
      assert.equal(evidence.length, 1);
    });
  }

  it('is sent without its name in a transaction, which a refusal would break', async () => {
    await db.query(statement, [1]);
    const rows = await db.transaction(async (tx) => {
      await tx.query('deallocate all');
      return (await tx.query(statement, [2])).rows;
    });
    assert.deepEqual(rows, [{ a: 2 }]);
  });

  it('can be switched off', async () => {
    const plain = openDatabase({ url: database.url, poolSize: 1, passage: { settings: true, names: false } });
    try {
      assert.deepEqual((await plain.query(statement, [1])).rows, [{ a: 1 }]);
      assert.equal((await plain.query('select from pg_prepared_statements')).rowCount, 0);
    } finally {
      await plain.close();
    }
  });

  it('field case 81: works behind a pooler in transaction mode, as do timeouts in transactions', async () => {
    const pooler = await startTransactionPooler(database.url, 3);
    const db = openDatabase({ url: pooler.url, poolSize: 8, onPooler: (noticed) => evidence.push(noticed) });
    try {
      const answers = await Promise.all(
        Array.from({ length: 60 }, async (_, a) =>
          a % 5 === 0
            ? db.transaction(async (tx) => {
                const { rows } = await tx.query<{ lock_timeout: string }>('show lock_timeout');
                assert.equal(rows[0]!.lock_timeout, '5s');
                return (await tx.query(statement, [a])).rows;
              })
            : (await db.query(statement, [a])).rows,
        ),
      );
      assert.deepEqual(
        answers,
        answers.map((_, a) => [{ a }]),
      );
      assert.ok(pooler.changes > 10, 'sessions of the server changed');
      assert.equal(evidence.length, 2, evidence.join());
    } finally {
      await db.close();
      await pooler.close();
    }
  });
});

describe('a transaction', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 1 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  it('rejects when Postgres rolled it back, even though its work continued after a failed statement', async () => {
    const work = db.transaction(async (tx) => {
      await tx.query('select 1 / 0').catch(() => undefined);
      return 'done';
    });
    await assert.rejects(work, /rolled back/);
    assert.equal((await db.query('select 1')).rowCount, 1);
  });

  it('does what is to follow its commit once it is committed, and not if it is rolled back', async () => {
    const done: string[] = [];
    const work = (name: string, statement: string) =>
      db.transaction(async (tx) => {
        tx.afterCommit(() => done.push(name));
        await tx.query(statement);
        assert.ok(!done.includes(name), 'it is not committed yet');
      });
    await work('committed', 'select 1');
    await assert.rejects(work('failed', 'select 1 / 0'));
    assert.deepEqual(done, ['committed']);
  });
});
