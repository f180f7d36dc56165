import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { claimSend, messageStatus, releaseSend } from '../../../src/db/messages.js';
import { retentionOf } from '../../../src/config/retention.js';
import { deleteMessages } from '../../../src/db/retention.js';
import { listKeptTenants } from '../../../src/db/retention-settings.js';
import {
  listUnsettledMessages,
  listUnstartedMessages,
  markMessagesStarted,
} from '../../../src/db/unstarted-messages.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant } from '../../support/rows.js';
import { insertOutboundMessage } from '../../support/sms-events.js';

describe('messages in Postgres', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 5 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.pool.query('truncate tenants cascade');
    tenantId = await insertTenant(database.pool);
  });
  const insert = (row: Parameters<typeof insertOutboundMessage>[2] = {}) =>
    insertOutboundMessage(database.pool, tenantId, row);

  it('grant the right to send once, and again only after that right was returned', async () => {
    const id = await insert();
    const claims = await Promise.all(Array.from({ length: 5 }, () => claimSend(db, id)));
    const [claimed, ...others] = claims.filter((claim) => claim !== null);
    assert.equal(others.length, 0);
    const sendBeganAt = claimed!.sendBeganAt!;
    await releaseSend(db, id, new Date(sendBeganAt.getTime() - 1));
    assert.equal(await messageStatus(db, id), 'unknown', 'another request is not this one');
    await releaseSend(db, id, sendBeganAt);
    await releaseSend(db, id, sendBeganAt);
    assert.equal(await messageStatus(db, id), 'pending');
    assert.ok(await claimSend(db, id));
  });

  it('are found by the sweeper when their workflow was not started or was lost', async () => {
    const age = (id: string, column: string, interval: string) =>
      database.pool.query(`update messages set ${column} = now() - $2::interval where id = $1`, [id, interval]);
    // The first is too young.
    const [, unstarted, lost, running, sent] = [
      await insert(),
      await insert(),
      await insert({ status: 'unknown' }),
      await insert({ status: 'unknown' }),
      await insert({ messageSid: 'SM1' }),
    ];
    for (const id of [unstarted, sent]) await age(id, 'created_at', '16 s');
    await age(lost, 'workflow_started_at', '121 s');
    await age(running, 'workflow_started_at', '119 s');
    const ids = (messages: { id: string }[]) => messages.map(({ id }) => id);
    assert.deepEqual(ids(await listUnstartedMessages(db)), [unstarted]);
    assert.deepEqual(ids(await listUnsettledMessages(db)), [lost]);
    await markMessagesStarted(db, [unstarted, lost]);
    assert.deepEqual(await listUnstartedMessages(db), []);
    assert.deepEqual(await listUnsettledMessages(db), []);
  });

  it('are deleted after the retention time', async () => {
    const [young, old] = [await insert(), await insert({ messageSid: 'SM2' })];
    await database.pool.query("update messages set id = uuid_v7_floor(now() - interval '31 days') where id = $1", [
      old,
    ]);
    const tenants = await listKeptTenants(db, retentionOf({ RETENTION_DAYS: 30 }), null, 10);
    assert.equal(await deleteMessages(db, tenants, 10), 1);
    assert.equal(await deleteMessages(db, tenants, 10), 0);
    const { rows } = await database.pool.query('select id from messages');
    assert.deepEqual(rows, [{ id: young }]);
  });

  it('cannot be in an inconsistent state', async () => {
    const id = await insert();
    for (const change of [
      "status = 'queued'",
      "status = 'received'",
      "status = 'unknown'",
      "status = 'delivered', message_sid = 'SM3'",
      "message_sid = 'SM3'",
      "status = 'exploded'",
      'ended_at = now()',
      'media_count = -1',
    ])
      await assert.rejects(database.pool.query(`update messages set ${change} where id = $1`, [id]), /check/, change);
  });
});
