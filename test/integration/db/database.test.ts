import assert from 'node:assert/strict';
import { openDatabase, sqlState, sqlStateOf, type Database } from '../../../src/db/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('a named statement', () => {
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

  it('goes on after a migration that changed its answer; only a transaction has to be repeated', async () => {
    const statement = { name: 'answer', text: 'select * from answer($1)' };
    await db.query('create function answer(x integer) returns table (a integer) language sql as $$ select x $$');
    assert.deepEqual((await db.query(statement, [1])).rows, [{ a: 1 }]);
    await db.query('drop function answer');
    await db.query(`create function answer(x integer) returns table (b text) language sql as $$ select x || '!' $$`);
    await assert.rejects(
      db.transaction((tx) => tx.query(statement, [1])),
      (error) => sqlStateOf(error) === sqlState.featureNotSupported,
    );
    assert.deepEqual((await db.query(statement, [1])).rows, [{ b: '1!' }]);
    await db.query('drop function answer');
    await db.query('create function answer(x integer) returns table (c integer) language sql as $$ select x + 1 $$');
    assert.deepEqual((await db.query(statement, [1])).rows, [{ c: 2 }]);
  });
});
