import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../../../src/db/database.js';
import { reconciledUntil, recordReconciliation } from '../../../../src/db/message-reconciliations.js';
import type { FakeTwilio } from '../../../../src/dev/demo/fake-twilio.js';
import { receiveMessage } from '../../../../src/sources/messages/inbound.js';
import { reconcileAccount } from '../../../../src/sources/messages/reconcile.js';
import {
  createTwilioClient,
  TwilioListError,
  type ListedMessage,
  type TwilioClient,
} from '../../../../src/sources/messages/twilio-client.js';
import { accountSid, authToken, startContractTwilio } from '../../../support/contract-twilio.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { insertTenant } from '../../../support/rows.js';
import { countedSegments, insertOutboundMessage, smsEvents, typesOf } from '../../../support/sms-events.js';

const number = '+15557654321';
const hours = 3_600_000;

describe('reconciling messages with Twilio', () => {
  let fake: FakeTwilio;
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    fake = await startContractTwilio();
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 2 });
  });
  after(async () => {
    await db.close();
    await database.drop();
    await fake.close();
  });
  beforeEach(async () => {
    await database.pool.query('truncate tenants, message_reconciliations cascade');
    fake.messages.length = 0;
    fake.requests.length = 0;
    tenantId = await insertTenant(database.pool);
    await database.pool.query(
      "insert into phone_numbers (tenant_id, phone_number, assigned_at) values ($1, $2, now() - interval '30 days')",
      [tenantId, number],
    );
  });

  const deps = (retentionDays = 30) => ({ db, workflows: { start() {}, collect() {} }, retentionDays });
  const reconcile = (options: { retentionDays?: number; token?: string } = {}) => {
    const client = createTwilioClient({
      accounts: [{ sid: accountSid, tokens: [options.token ?? authToken] }],
      apiBaseUrl: fake.url,
      deadlineMs: 5_000,
      pageSize: 2,
    });
    return reconcileAccount(deps(options.retentionDays), client, accountSid);
  };
  const inbound = (body: string, date = new Date()) =>
    fake.add({
      from: 'SUPPORT',
      to: number,
      body,
      direction: 'inbound',
      status: 'received',
      num_media: '1',
      num_segments: '2',
      date_created: date.toUTCString(),
    });
  const events = (tenant = tenantId) => smsEvents(database.pool, tenant);
  const since = () => Date.parse(new URL(fake.requests[0]!.url, fake.url).searchParams.get('DateSent>')!);

  it('makes the events that no callback made, once', async () => {
    const known = inbound('known');
    await receiveMessage(deps(), {
      accountSid,
      isMainAccount: true,
      messageSid: known.sid,
      messagingServiceSid: null,
      from: 'SUPPORT',
      to: number,
      body: 'known',
      mediaCount: 1,
      segments: 2,
      at: new Date(),
    });
    const sent = fake.add({ from: number, to: '+15551234567', body: 'hello', status: 'delivered' });
    await insertOutboundMessage(database.pool, tenantId, { messageSid: sent.sid, status: 'sent' });
    const lost = inbound('lost', new Date(Date.now() - 2 * hours));

    assert.deepEqual(await reconcile(), { received: 1, reported: 1 });
    assert.equal(fake.requests.length, 2, 'two pages');
    const triggered = (await events()).filter(({ id }) => id !== known.sid);
    assert.deepEqual(typesOf(triggered).sort(), ['sms.delivered', 'sms.received']);
    const received = triggered.find(({ type }) => type === 'sms.received')!;
    const { message_id: _id, ...data } = received.data;
    assert.deepEqual(data, {
      message_sid: lost.sid,
      from: 'SUPPORT',
      to: number,
      body: 'lost',
      media_count: 1,
      direction: 'inbound',
      received_at: new Date(lost.date_created).toISOString(),
    });
    assert.equal(await countedSegments(database.pool, tenantId), 4);

    assert.deepEqual(await reconcile(), { received: 0, reported: 0 });
    assert.equal((await events()).length, 3);
    assert.equal(await countedSegments(database.pool, tenantId), 4);
  });

  it("keeps a failure's error code, and never moves a status back", async () => {
    const failed = fake.add({ from: number, to: '+15551234567', status: 'undelivered', error_code: 30003 });
    const late = fake.add({ from: number, to: '+15551234567', status: 'sent' });
    await insertOutboundMessage(database.pool, tenantId, { messageSid: failed.sid });
    const id = await insertOutboundMessage(database.pool, tenantId, { messageSid: late.sid });
    await database.pool.query("update messages set status = 'delivered', ended_at = now() where id = $1", [id]);
    assert.deepEqual(await reconcile(), { received: 0, reported: 1 });
    const [event, ...others] = await events();
    assert.deepEqual([event!.type, event!.data['error_code'], others.length], ['sms.failed', '30003', 0]);
  });

  it('uses the tenant that had the number when the message came', async () => {
    const next = await insertTenant(database.pool);
    await database.pool.query("update phone_numbers set released_at = now() - interval '1 hour'");
    await database.pool.query(
      "insert into phone_numbers (tenant_id, phone_number, assigned_at) values ($1, $2, now() - interval '30 minutes')",
      [next, number],
    );
    inbound('before', new Date(Date.now() - 2 * hours));
    inbound('between', new Date(Date.now() - 0.75 * hours));
    inbound('after');
    await reconcile();
    const bodies = async (tenant: string) => (await events(tenant)).map(({ data }) => data['body']);
    assert.deepEqual([await bodies(tenantId), await bodies(next)], [['before'], ['after']]);
  });

  it('field case 97: ignores messages in the list of an account that is not the number’s or the message’s', async () => {
    const sub = 'AC00000000000000000000000000000001';
    const outbound = await insertOutboundMessage(database.pool, tenantId, { messageSid: 'SM1', status: 'sent' });
    const page = ['SM1', 'SM2'].map((messageSid): ListedMessage => {
      const isInbound = messageSid === 'SM2';
      const [from, to] = isInbound ? ['SUPPORT', number] : [number, '+15551234567'];
      return {
        messageSid,
        messagingServiceSid: null,
        isInbound,
        status: isInbound ? 'received' : 'failed',
        errorCode: null,
        from,
        to,
        body: 'x',
        mediaCount: 0,
        segments: 1,
        createdAt: new Date(),
        updatedAt: new Date(),
      };
    });
    const twilio: TwilioClient = {
      mainAccountSid: accountSid,
      accountSids: [accountSid, sub],
      send: () => Promise.reject(new Error('nothing is sent here')),
      async *list() {
        yield page;
      },
    };
    assert.deepEqual(await reconcileAccount(deps(), twilio, sub), { received: 0, reported: 0 });
    assert.deepEqual(await events(), []);
    // Once the number has this account, messages that were turned away make their events.
    await database.pool.query('update phone_numbers set account_sid = $1', [sub]);
    await database.pool.query('update messages set account_sid = $1 where id = $2', [sub, outbound]);
    assert.deepEqual(await reconcileAccount(deps(), twilio, sub), { received: 1, reported: 1 });
    assert.deepEqual(typesOf(await events()).sort(), ['sms.failed', 'sms.received']);
    assert.deepEqual(await reconcileAccount(deps(), twilio, accountSid), { received: 0, reported: 0 });
  });

  it('ignores messages of no tenant', async () => {
    fake.add({ from: '+15559999999', to: '+15551234567', status: 'delivered' });
    fake.add({ from: 'SUPPORT', to: '+15559999999', direction: 'inbound', status: 'received' });
    assert.deepEqual(await reconcile(), { received: 0, reported: 0 });
  });

  it('looks back 12 hours, further after an outage, but never beyond the retention time', async () => {
    const about = (actual: number, ms: number) => assert.ok(Math.abs(actual - (Date.now() - ms)) < 10_000);
    await reconcile();
    about(since(), 12 * hours);
    fake.requests.length = 0;
    await reconcile();
    about(since(), 12 * hours);
    await database.pool.query("update message_reconciliations set reconciled_until = now() - interval '2 days'");
    fake.requests.length = 0;
    await reconcile();
    about(since(), 49 * hours);
    await database.pool.query("update message_reconciliations set reconciled_until = now() - interval '90 days'");
    fake.requests.length = 0;
    await reconcile();
    about(since(), 7 * 24 * hours);
    await database.pool.query("update message_reconciliations set reconciled_until = now() - interval '90 days'");
    fake.requests.length = 0;
    await reconcile({ retentionDays: 1 });
    about(since(), 23 * hours);
  });

  it("does not count as done when Twilio's list cannot be read", async () => {
    const before = new Date(Date.now() - 24 * hours);
    await recordReconciliation(db, accountSid, before);
    await assert.rejects(reconcile({ token: 'wrong' }), TwilioListError);
    assert.deepEqual(await reconciledUntil(db, accountSid), before);
  });
});
