import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseUnavailableError, openDatabase, type Database } from '../../../src/db/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const write = `insert into tenants (name) values ('x')`;
const isReadOnly = (error: unknown) => error instanceof DatabaseUnavailableError && error.reason === 'read-only';
/** After this, a session is old enough (over a second) that a new one might reach another server. */
const untilOld = () => delay(1_100);

// The setting applies to new sessions only; open ones stay as they are, as after a failover.
describe('field case 80: a Postgres that accepts no writes', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => void (database = await createTestDatabase()));
  beforeEach(() => void (db = openDatabase({ url: database.url, poolSize: 4 })));
  afterEach(() => db.close());
  after(() => database.drop());

  const name = () => new URL(database.url).pathname.slice(1);
  const refuseWrites = () =>
    database.pool.query(`alter database ${name()} set default_transaction_read_only = on`).then(() => undefined);
  const takeWrites = () =>
    database.pool.query(`alter database ${name()} reset default_transaction_read_only`).then(() => undefined);
  const openAll = () => Promise.all([1, 2, 3, 4].map(() => db.query('select pg_sleep(0.2)')));
  const pids = async () => {
    const { rows } = await database.pool.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = $1 and application_name = 'irisx-webhooks' order by pid`,
      [name()],
    );
    return rows.map(({ pid }) => pid);
  };

  it('is left immediately: a statement is repeated on a new session, and no old session is used any more', async () => {
    await refuseWrites();
    await openAll();
    await takeWrites();
    await untilOld();
    for (let i = 0; i < 10; i++) assert.equal((await db.query(write)).rowCount, 1);
    await openAll();
    const { rows } = await db.query<{ read_only: string }>(
      `select current_setting('transaction_read_only') as read_only`,
    );
    assert.deepEqual(rows, [{ read_only: 'off' }]);
  });

  it('fails the transaction that discovers it, but no later one', async () => {
    await refuseWrites();
    await openAll();
    await takeWrites();
    await untilOld();
    await assert.rejects(
      db.transaction((tx) => tx.query(write)),
      isReadOnly,
    );
    for (let i = 0; i < 4; i++) await db.transaction((tx) => tx.query(write));
  });

  it('has its own error reason, still answers reads, and does not cost a connection per refusal', async () => {
    await refuseWrites();
    try {
      await openAll();
      await untilOld();
      await assert.rejects(db.query(write), isReadOnly);
      const before = await pids();
      const beganAtMs = performance.now();
      for (let i = 0; i < 20; i++) await assert.rejects(db.query(write), isReadOnly);
      assert.equal((await db.query('select from tenants')).command, 'SELECT');
      // If this machine took over a second, the session counts as old again.
      if (performance.now() - beganAtMs < 900) assert.deepEqual(await pids(), before);
    } finally {
      await takeWrites();
    }
  });
});

describe('a lock that is taken', () => {
  it('is waited for up to 5 s, then the error is `busy`, and the session is kept', async function () {
    this.timeout(30_000);
    const database = await createTestDatabase();
    const db = openDatabase({ url: database.url, poolSize: 1 });
    const holder = await database.pool.connect();
    try {
      await db.query(write);
      const pid = async () => (await db.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;
      const before = await pid();
      await holder.query('begin');
      await holder.query('select from tenants for update');
      for (const work of [
        () => db.query(`update tenants set name = 'y'`),
        () => db.transaction((tx) => tx.query(`update tenants set name = 'y'`)),
      ])
        await assert.rejects(work, (error) => error instanceof DatabaseUnavailableError && error.reason === 'busy');
      assert.equal(await pid(), before);
    } finally {
      holder.release(true);
      await db.close();
      await database.drop();
    }
  });
});
