import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openDatabase, type Database } from '../../../../src/db/database.js';
import { recordAccepted, recordUnsent, reportStatus } from '../../../../src/sources/messages/outbound.js';
import { setLimits } from '../../../../src/sources/usage/limits.js';
import { testAuthor } from '../../../support/author.js';
import { accountSid } from '../../../support/contract-twilio.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { insertTenant } from '../../../support/rows.js';
import { countedSegments, insertOutboundMessage, smsEvents, typesOf } from '../../../support/sms-events.js';

const messageSid = 'SM00000000000000000000000000000001';

describe("callbacks that overtake Twilio's response", () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let id: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 8 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });
  const start = async (body = 'hello') => {
    await database.pool.query('truncate tenants cascade');
    tenantId = await insertTenant(database.pool);
    id = await insertOutboundMessage(database.pool, tenantId, { status: 'unknown', body });
  };
  beforeEach(() => start());

  const deps = () => ({ db, workflows: { start() {}, wake() {}, collect() {} } });
  const callback = (status: string) =>
    reportStatus(deps(), {
      accountSid,
      messageSid,
      status,
      errorCode: null,
      from: '+15557654321',
      to: '+15551234567',
      at: new Date(),
      messageId: id,
    });
  const respond = (segments: number | null, providerStatus = 'queued') =>
    recordAccepted(deps(), id, { messageSid, providerStatus, segments, at: new Date() });
  const events = () => smsEvents(database.pool, tenantId);
  const row = async () =>
    (
      await database.pool.query<{ status: string; segments: number | null }>(
        'select status, segments from messages where id = $1',
        [id],
      )
    ).rows[0]!;

  it('field case 98: leave the number of segments to the response', async () => {
    await callback('delivered');
    assert.equal(await countedSegments(database.pool, tenantId), 1, 'an estimate, until the response comes');
    for (let times = 0; times < 3; times += 1) {
      await respond(3);
      assert.equal(await countedSegments(database.pool, tenantId), 3);
      assert.deepEqual(await row(), { status: 'delivered', segments: 3 });
    }
    assert.deepEqual(typesOf(await events()), ['sms.sent', 'sms.delivered']);
  });

  it('may have counted too many segments, which is corrected', async () => {
    await start('ą'.repeat(71));
    await insertOutboundMessage(database.pool, tenantId);
    await callback('sent');
    assert.equal(await countedSegments(database.pool, tenantId), 2);
    await respond(1);
    await respond(1);
    assert.equal(await countedSegments(database.pool, tenantId), 1);
    assert.deepEqual(await row(), { status: 'sent', segments: 1 });
  });

  it('are corrected in the month in which the message was first counted', async () => {
    await callback('sent');
    await database.pool.query("update messages set accepted_at = '2025-10-31T23:59:59Z'");
    await database.pool.query("update tenant_usage set month = '2025-10'");
    await respond(3);
    const { rows } = await database.pool.query('select month, used from tenant_usage');
    assert.deepEqual(rows, [{ month: '2025-10', used: '3' }]);
  });

  it('lead to a limit event if only the response’s count reaches the limit', async () => {
    await setLimits(deps(), testAuthor, tenantId, { sms_segments: 3 });
    await callback('sent');
    await respond(3);
    const { rows } = await database.pool.query<{ event_type: string }>(
      "select event_type from webhook_events where event_type like 'tenant.%' order by 1",
    );
    assert.deepEqual(
      rows.map((row) => row.event_type),
      ['tenant.limit.reached', 'tenant.limit.warning'],
    );
  });

  it('keep the estimate if the response has no count, and never change an exact count', async () => {
    await callback('sent');
    await respond(null);
    assert.deepEqual(await row(), { status: 'sent', segments: 1 });
    await respond(2);
    await respond(5);
    assert.deepEqual(await row(), { status: 'sent', segments: 2 });
    assert.equal(await countedSegments(database.pool, tenantId), 2);
  });

  it('make sms.sent with the provider’s status at acceptance, as documented', async () => {
    for (const [service, word, expected] of [
      [null, 'delivered', 'queued'],
      [null, 'sent', 'queued'],
      [null, 'partially_delivered', 'queued'],
      [null, 'queued', 'queued'],
      ['MG0123456789abcdef0123456789abcdef', 'sent', 'accepted'],
      ['MG0123456789abcdef0123456789abcdef', 'queued', 'queued'],
    ] as const) {
      await start();
      await database.pool.query('update messages set messaging_service_sid = $1', [service]);
      await callback(word);
      const [sent] = await events();
      assert.deepEqual([sent!.data['provider_status'], sent!.data['status']], [expected, 'sent'], word);
    }
  });

  it('make one sms.sent before one final event, and the response’s count holds, whatever comes at the same time', async () => {
    const words = ['queued', 'sent', 'delivered', 'undelivered', 'failed', 'read'];
    const ends = ['delivered', 'undelivered', 'failed', 'read'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 }),
        fc.nat(5),
        async (reports, at) => {
          await start();
          const work: (() => Promise<unknown>)[] = reports.map((word) => () => callback(word));
          work.splice(at, 0, () => respond(3));
          // The response is recorded a second time, as after a worker's death.
          work.push(() => respond(3));
          await Promise.all(work.map((one) => one()));
          const [first, ...others] = typesOf(await events());
          assert.equal(first, 'sms.sent');
          assert.equal(others.length, reports.some((word) => ends.includes(word)) ? 1 : 0, String(others));
          assert.equal(await countedSegments(database.pool, tenantId), 3);
          assert.equal((await row()).segments, 3);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('that come as the message is given up make consistent events, and the segments are counted', async () => {
    for (let times = 0; times < 10; times += 1) {
      await start();
      await Promise.all([
        callback('delivered'),
        recordUnsent(deps(), id, { errorCode: null, at: new Date() }),
        callback('sent'),
      ]);
      const triggered = typesOf(await events()).join(' ');
      assert.ok(['sms.sent sms.delivered', 'sms.failed'].includes(triggered), triggered);
      assert.equal(await countedSegments(database.pool, tenantId), 1);
    }
  });
});
