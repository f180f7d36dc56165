import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant } from '../../support/rows.js';

const main = `AC${'0'.repeat(31)}b`;
const sub = `AC${'0'.repeat(31)}a`;
const migration = '012_message_accounts.sql';

describe('numbers that were assigned before they had an account', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
    await database.pool.query('drop schema public cascade; create schema public');
    const files = (await readdir('migrations')).filter((name) => /^\d+_.*\.sql$/.test(name)).sort();
    for (const name of files.slice(0, files.indexOf(migration))) await run(name);
  });
  after(() => database.drop());

  const run = async (name: string) => database.pool.query(await readFile(path.join('migrations', name), 'utf8'));

  it('get the only account that their messages came from, or else the sending account', async () => {
    const { pool } = database;
    const tenantId = await insertTenant(pool);
    let messages = 0;
    const assign = async (phoneNumber: string, since = '1 hour') =>
      pool.query(
        `insert into phone_numbers (tenant_id, phone_number, assigned_at) values ($1, $2, now() - $3::interval)`,
        [tenantId, phoneNumber, since],
      );
    const receive = async (phoneNumber: string, account: string, ago = '1 minute') =>
      pool.query(
        `insert into messages (tenant_id, direction, account_sid, message_sid, from_number, to_number, body, status, created_at)
         values ($1, 'inbound', $2, $3, 'X', $4, 'x', 'received', now() - $5::interval)`,
        [tenantId, account, `SM${(messages += 1)}`, phoneNumber, ago],
      );
    await pool.query(
      `insert into messages (tenant_id, direction, account_sid, message_sid, to_number, status, send_began_at)
       values ($1, 'outbound', $2, 'SM0', '+15551234567', 'queued', now())`,
      [tenantId, main],
    );
    // Another program sent this over the sub-account, so it does not make that our sending account.
    await pool.query(
      `insert into messages (tenant_id, direction, account_sid, message_sid, to_number, status)
       values ($1, 'outbound', $2, 'SM00', '+15551234567', 'accepted')`,
      [tenantId, sub],
    );
    for (const n of [1, 2, 3, 4, 5]) await assign(`+1555000000${n}`);
    await receive('+15550000001', sub);
    await receive('+15550000001', sub);
    await receive('+15550000002', main);
    await receive('+15550000003', sub);
    await receive('+15550000003', main);
    await receive('+15550000004', sub, '2 hours');
    await run(migration);
    const { rows } = await pool.query<{ phone_number: string; account_sid: string | null }>(
      'select phone_number, account_sid from phone_numbers order by phone_number',
    );
    assert.deepEqual(
      rows.map((row) => [row.phone_number.at(-1), row.account_sid]),
      [
        ['1', sub],
        ['2', null],
        ['3', null],
        ['4', null],
        ['5', null],
      ],
    );
  });
});
