import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import {
  recordSend,
  sendMessage,
  settleMessage,
  type SendMessageDeps,
} from '../../../../activities/messages/send-message.js';
import { openDatabase, type Database } from '../../../../src/db/database.js';
import { createLogger } from '../../../../src/log.js';
import type { FakeTwilio } from '../../../../src/dev/demo/fake-twilio.js';
import { reportStatus } from '../../../../src/sources/messages/outbound.js';
import { createTwilioClient, TwilioListError } from '../../../../src/sources/messages/twilio-client.js';
import { Permit } from '../../../../src/temporal/priority/permit.js';
import { Permits } from '../../../../src/temporal/priority/permits.js';
import { accountSid, authToken, startContractTwilio } from '../../../support/contract-twilio.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { insertTenant } from '../../../support/rows.js';
import { countedSegments, insertOutboundMessage, smsEvents, typesOf } from '../../../support/sms-events.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../../../support/tcp-proxy.js';
import { publicBaseUrl } from '../../../support/twilio-callback.js';

const text = 'a private matter';

describe('sending a message', function () {
  this.timeout(90_000);
  let fake: FakeTwilio;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let db: Database;
  let tenantId: string;
  const logLines: string[] = [];
  before(async () => {
    fake = await startContractTwilio();
    database = await createTestDatabase();
    proxy = await startTcpProxy(Number(new URL(database.url).port));
    db = openDatabase({ url: throughProxy(database.url, proxy), poolSize: 5, onIdleError: () => undefined });
  });
  after(async () => {
    await db.close();
    await proxy.close();
    await database.drop();
    await fake.close();
  });
  beforeEach(async () => {
    await database.pool.query('truncate tenants cascade');
    fake.messages.length = 0;
    fake.requests.length = 0;
    logLines.length = 0;
    tenantId = await insertTenant(database.pool);
  });

  const deps = (tokens = [authToken], deadlineMs = 1_000): SendMessageDeps => ({
    db,
    workflows: { start() {}, collect() {} },
    permits: new Permits(),
    log: createLogger({ level: 'debug', format: 'json' }, { write: (line) => void logLines.push(line) }),
    twilio: {
      client: createTwilioClient({ accounts: [{ sid: accountSid, tokens }], apiBaseUrl: fake.url, deadlineMs }),
      publicBaseUrl,
    },
  });
  const pending = (row: Parameters<typeof insertOutboundMessage>[2] = {}) =>
    insertOutboundMessage(database.pool, tenantId, { body: text, ...row });
  const send = (messageId: string, with_ = deps()) => sendMessage(with_, { messageId, tenantId });
  const settle = (messageId: string, isLast = false) => settleMessage(deps(), { messageId, tenantId, isLast });
  const events = () => smsEvents(database.pool, tenantId);
  const posts = () => fake.requests.filter(({ method }) => method === 'POST');
  const row = async (id: string) =>
    (await database.pool.query<Record<string, unknown>>('select * from messages where id = $1', [id])).rows[0]!;
  /** Makes Twilio accept the next message, but its response is lost. */
  const loseResponse = () => fake.respondNext((response) => void response.socket?.destroy(), { create: true });

  it('makes sms.sent and counts the segments when Twilio has accepted it', async () => {
    const id = await pending({ body: 'a'.repeat(307) });
    assert.deepEqual(await send(id), { state: 'settled' });
    const { sid } = fake.messages[0]!;
    const [event] = await events();
    assert.deepEqual([event!.type, event!.id], ['sms.sent', sid]);
    assert.deepEqual(
      [event!.data['status'], event!.data['provider_status'], event!.data['segments'], event!.data['message_id']],
      ['sent', 'queued', 3, id],
    );
    assert.equal(await countedSegments(database.pool, tenantId), 3);
    const { status, message_sid: messageSid, segments } = await row(id);
    assert.deepEqual([status, messageSid, segments], ['queued', sid, 3]);
    const callback = new URLSearchParams(posts()[0]!.body).get('StatusCallback');
    assert.match(callback!, new RegExp(`^${publicBaseUrl}/twilio/status\\?tenant=${tenantId}&message=${id}#rc=`));
  });

  it('gives its permit back just before the request', async () => {
    const id = await pending();
    const permit = new Permit();
    let requestsBefore: number | undefined;
    permit.releaseSoon = () => (requestsBefore = posts().length);
    const withPermit = deps();
    withPermit.permits.expect(id, permit);
    await send(id, withPermit);
    assert.deepEqual([requestsBefore, posts().length], [0, 1]);
    permit.release();
  });

  it('estimates the segments when a Messaging Service does not know them yet', async () => {
    const id = await pending({ body: 'ą'.repeat(71) });
    await database.pool.query('update messages set from_number = null, messaging_service_sid = $1', [
      'MG0123456789abcdef0123456789abcdef',
    ]);
    await send(id);
    const [event] = await events();
    assert.deepEqual(
      [event!.data['segments'], event!.data['provider_status'], event!.data['from']],
      [2, 'accepted', 'MG0123456789abcdef0123456789abcdef'],
    );
  });

  it('makes one request, however often it runs, even concurrently', async () => {
    const id = await pending();
    await Promise.all(Array.from({ length: 5 }, () => send(id)));
    await send(id);
    assert.equal(posts().length, 1);
    assert.deepEqual(typesOf(await events()), ['sms.sent']);
  });

  it("field case 43: reports Twilio's refusal with its code, and does not try again", async () => {
    const id = await pending();
    await database.pool.query("update messages set to_number = '+15005550004'");
    assert.deepEqual(await send(id), { state: 'settled' });
    await send(id);
    assert.equal(posts().length, 1);
    const [event, ...others] = await events();
    const { timestamp: _at, ...data } = event!.data;
    assert.deepEqual(
      { type: event!.type, id: event!.id, data, others },
      {
        type: 'sms.failed',
        id: `${id}_status`,
        data: { message_sid: id, status: 'failed', error_code: '21610', message_id: id },
        others: [],
      },
    );
    assert.equal(await countedSegments(database.pool, tenantId), 0);
  });

  it('raises an alarm when Twilio refuses the token, and does not try again', async () => {
    const id = await pending();
    await send(id, deps(['wrong']));
    assert.equal(posts().length, 1);
    assert.equal((await events())[0]!.data['error_code'], '20003');
    const alarm = logLines.map((line) => JSON.parse(line) as { level: string; msg: string });
    assert.deepEqual(
      alarm.filter(({ level }) => level === 'error').map(({ msg }) => msg.split(':')[0]),
      ['twilio.credentials_refused'],
    );
  });

  it('returns the right to send when Twilio is busy, and respects Retry-After', async () => {
    const id = await pending();
    fake.respondNext((response) => void response.status(429).set('Retry-After', '7').send('{"code":20429}'));
    await assert.rejects(send(id), (error: unknown) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.deepEqual([error.type, error.nextRetryDelay, error.nonRetryable], ['MessageNotSent', 7_000, false]);
      assert.deepEqual([error.stack, error.cause], ['', undefined]);
      return true;
    });
    assert.equal((await row(id))['status'], 'pending');
    await send(id);
    assert.deepEqual([fake.messages.length, typesOf(await events())], [1, ['sms.sent']]);
  });

  describe('when the response is lost', () => {
    it('never sends again, and finds the message in the list', async () => {
      const id = await pending();
      loseResponse();
      assert.deepEqual(await send(id), { state: 'unsettled' });
      assert.deepEqual(await send(id), { state: 'unsettled' });
      assert.deepEqual([posts().length, await events()], [1, []]);
      assert.equal(await settle(id), 'settled');
      const [event] = await events();
      assert.deepEqual([event!.type, event!.id], ['sms.sent', fake.messages[0]!.sid]);
      assert.equal(await settle(id), 'settled');
      assert.deepEqual([posts().length, (await events()).length], [1, 1]);
    });

    it('is settled by a callback', async () => {
      const id = await pending();
      loseResponse();
      await send(id);
      const { sid } = fake.messages[0]!;
      const { from, to } = fake.messages[0]!;
      await reportStatus(deps(), {
        accountSid,
        messageSid: sid,
        status: 'sent',
        errorCode: null,
        from: from!,
        to,
        at: new Date(),
        messageId: id,
      });
      fake.requests.length = 0;
      assert.equal(await settle(id, true), 'settled');
      assert.deepEqual([fake.requests.length, typesOf(await events())], [0, ['sms.sent']]);
    });

    it('does not wait beyond the deadline for a response, and finds the message in the list', async () => {
      const id = await pending();
      let respondLate = (): void => assert.fail('no request came');
      fake.respondNext((response) => void (respondLate = () => void response.status(201).json(fake.messages[0])), {
        create: true,
      });
      assert.deepEqual(await send(id, deps([authToken], 200)), { state: 'unsettled' });
      respondLate();
      assert.deepEqual(await send(id), { state: 'unsettled' });
      assert.equal(await settle(id), 'settled');
      assert.deepEqual([posts().length, typesOf(await events())], [1, ['sms.sent']]);
      assert.equal(await countedSegments(database.pool, tenantId), 1);
    });

    it('finds each of several identical messages, settled at the same time and for the last time', async () => {
      const ids = await Promise.all([1, 2, 3].map(() => pending()));
      for (const id of ids) {
        loseResponse();
        await send(id);
      }
      assert.deepEqual(await Promise.all(ids.map((id) => settle(id, true))), ['settled', 'settled', 'settled']);
      const triggered = await events();
      assert.deepEqual(typesOf(triggered), ['sms.sent', 'sms.sent', 'sms.sent']);
      assert.deepEqual(triggered.map(({ id }) => id).sort(), fake.messages.map(({ sid }) => sid).sort());
      assert.equal(new Set(triggered.map(({ data }) => data['message_id'])).size, 3);
    });

    it('does not mistake another message for it', async () => {
      const [known, other] = [await pending(), await pending()];
      await send(known);
      fake.add({ from: '+15557654321', to: '+15551234567', body: 'another text' });
      fake.add({ from: '+15557654321', to: '+15551234567', body: text, direction: 'inbound', status: 'received' });
      fake.add({
        from: '+15557654321',
        to: '+15551234567',
        body: text,
        date_created: new Date(Date.now() - 600_000).toUTCString(),
      });
      fake.respondNext((response) => void response.socket?.destroy());
      await send(other);
      assert.equal(await settle(other), 'unsettled');
    });

    it('finds it despite the prefix of a trial account or the characters of smart encoding', async () => {
      for (const [sent, listed] of [
        ['hello', 'Sent from your Twilio trial account - hello'],
        ['“quoted” – it’s', '"quoted" - it\'s'],
      ] as const) {
        const id = await pending({ body: sent, status: 'unknown' });
        fake.add({ from: '+15557654321', to: '+15551234567', body: listed });
        assert.equal(await settle(id), 'settled', sent);
      }
    });

    it('counts as never sent and fails when Twilio still does not have it in the end', async () => {
      const id = await pending();
      fake.respondNext((response) => void response.status(503).send('no'));
      await send(id);
      assert.equal(await settle(id), 'unsettled');
      assert.equal(await settle(id, true), 'settled');
      assert.deepEqual(typesOf(await events()), ['sms.failed']);
      assert.equal(posts().length, 1);
      // If it was sent after all, the event already made still stands.
      await reportStatus(deps(), {
        accountSid,
        messageSid: 'SM00000000000000000000000000000001',
        status: 'delivered',
        errorCode: null,
        from: '+15557654321',
        to: '+15551234567',
        at: new Date(),
        messageId: id,
      });
      assert.deepEqual(typesOf(await events()), ['sms.failed']);
      assert.equal(await countedSegments(database.pool, tenantId), 1, 'it was sent, and is paid for');
    });

    it("concludes nothing while Twilio's list cannot be read", async () => {
      const id = await pending({ status: 'unknown' });
      const failing = { ...deps(['wrong']) };
      await assert.rejects(settleMessage(failing, { messageId: id, tenantId, isLast: true }), TwilioListError);
      assert.deepEqual(await events(), []);
    });
  });

  it('hands over a result that Postgres cannot store, with ids only, and records it later', async () => {
    const id = await pending();
    fake.respondNext(
      (response) => {
        void proxy.cut().then(() => response.status(201).json(fake.messages[0]));
      },
      { create: true },
    );
    const result = await send(id, deps([authToken], 5_000));
    const { sid } = fake.messages[0]!;
    const { unrecorded } = result;
    assert.ok(unrecorded?.kind === 'accepted');
    assert.deepEqual(Object.keys(unrecorded).sort(), [
      'at',
      'errorCode',
      'kind',
      'messageSid',
      'providerStatus',
      'segments',
    ]);
    assert.equal(unrecorded.messageSid, sid);
    await proxy.restore();
    await recordSend(deps(), { messageId: id, record: unrecorded });
    await recordSend(deps(), { messageId: id, record: unrecorded });
    assert.deepEqual([typesOf(await events()), posts().length], [['sms.sent'], 1]);
  });

  it('writes no token, number or text into the log', async () => {
    for (const to of ['+15005550001', '+15551234567', '+15005550004']) {
      const id = await pending();
      await database.pool.query('update messages set to_number = $2 where id = $1', [id, to]);
      if (to === '+15551234567') loseResponse();
      await send(id);
      await settle(id);
    }
    await send(await pending(), deps(['wrong']));
    assert.ok(logLines.length >= 4);
    const authorization = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
    for (const secret of [authToken, authorization, 'Authorization', '+1', text])
      assert.ok(!logLines.join('').includes(secret), secret);
  });
});
