import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { adminKey, startApi, type Api } from './fixture.js';
import { accountSid } from '../../support/contract-twilio.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant } from '../../support/rows.js';
import { assignNumber, countedSegments, insertOutboundMessage, smsEvents, typesOf } from '../../support/sms-events.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { postCallback, publicBaseUrl, smsForm, statusForm, type Callback } from '../../support/twilio-callback.js';
import { vectors } from '../../support/twilio-vectors.js';

const subaccountSid = 'AC00000000000000000000000000000001';
const emptyTwiml = '<?xml version="1.0" encoding="UTF-8"?><Response/>';
const number = '+15557654321';
const sid = (n: number) => `SM${n.toString(16).padStart(32, '0')}`;

const messages = () => ({
  accountSid,
  accounts: [
    { sid: accountSid, tokens: ['test-token-0001', 'test-token-0002'] },
    { sid: subaccountSid, tokens: ['token-of-the-subaccount'] },
  ],
  publicBaseUrl,
  workflows: { startMessage: () => undefined },
});

describe('the callbacks of Twilio', () => {
  let api: Api;
  let tenantId: string;
  before(async () => void (api = await startApi({ messages: messages() })));
  after(() => api.close());
  beforeEach(async () => {
    await api.pool.query('truncate tenants cascade');
    api.logLines.length = 0;
    tenantId = await insertTenant(api.pool);
    await assignNumber(api.pool, tenantId, number);
  });

  const post = (callback: Callback) => postCallback(api.url, callback);
  const sms = (fields: Record<string, string> = {}) => post({ path: '/twilio/sms', form: smsForm(fields) });
  const events = () => smsEvents(api.pool, tenantId);
  const rows = async (): Promise<Record<string, unknown>[]> =>
    (await api.pool.query<Record<string, unknown>>('select * from messages')).rows;

  describe('for a message that came in', () => {
    it('get empty TwiML and make an event with the message as it came', async () => {
      const { body } = vectors.sms;
      const response = await post({ path: '/twilio/sms', form: body });
      assert.equal(response.status, 200);
      assert.match(response.headers['content-type']!, /^text\/xml/);
      assert.equal(response.text, emptyTwiml);
      const [event, ...others] = await events();
      assert.equal(others.length, 0);
      assert.equal(event!.type, 'sms.received');
      assert.equal(event!.id, 'SM00112233445566778899aabbccddeeff');
      const { received_at: receivedAt, message_id: messageId, ...data } = event!.data;
      assert.deepEqual(data, {
        message_sid: 'SM00112233445566778899aabbccddeeff',
        from: '+15551234567',
        to: number,
        body: 'Zażółć 😀 & 100%',
        media_count: 0,
        direction: 'inbound',
      });
      assert.ok(Math.abs(Date.parse(receivedAt as string) - Date.now()) < 10_000);
      assert.equal((await rows())[0]!['id'], messageId);
    });

    it('count media and segments', async () => {
      assert.equal((await post({ path: '/twilio/sms', form: vectors.mms.body })).status, 200);
      const [event] = await events();
      assert.deepEqual([event!.data['media_count'], event!.data['body']], [2, '']);
      assert.equal(await countedSegments(api.pool, tenantId), 2);
    });

    it('field case 41: make one event even if they come ten times together, a day later and by the fallback url', async () => {
      const responses = await Promise.all(Array.from({ length: 10 }, () => sms()));
      for (const response of responses) assert.equal(response.status, 200);
      await api.pool.query("update messages set created_at = created_at - interval '1 day'");
      assert.equal((await sms()).status, 200);
      assert.equal((await sms({ ErrorCode: '11200', ErrorUrl: `${publicBaseUrl}/twilio/sms` })).status, 200);
      assert.deepEqual(typesOf(await events()), ['sms.received']);
      assert.equal(await countedSegments(api.pool, tenantId), 1);
    });

    it('field case 43: report opt-outs, and senders that are not numbers, as shown', async () => {
      const senders = ['SUPPORT', '68849', 'MGM Resorts', 'whatsapp:+15550100', '+1 (555) 010-0100', ''];
      for (const [n, From] of senders.entries()) assert.equal((await sms({ MessageSid: sid(n), From })).status, 200);
      await sms({ MessageSid: sid(99), From: '68849', Body: ' Stop ', OptOutType: 'STOP' });
      const triggered = await events();
      assert.deepEqual(
        triggered.map(({ data }) => data['from']),
        [...senders, '68849'],
      );
      assert.equal(triggered.at(-1)!.data['body'], ' Stop ');
    });

    it('for an unassigned number are acknowledged, make no event, and log no text and no number', async () => {
      const response = await sms({ To: '+15550000000', Body: 'a private matter' });
      assert.deepEqual([response.status, response.text], [200, emptyTwiml]);
      assert.deepEqual([await events(), await rows()], [[], []]);
      const lines = api.logLines.filter((line) => line.includes('message.no_owner'));
      assert.equal(lines.length, 1);
      assert.doesNotMatch(api.logLines.join(''), /private matter|1555/);
    });

    it('go to the tenant that has the number when the message comes, and stay there', async () => {
      await sms({ MessageSid: sid(1) });
      const other = await insertTenant(api.pool);
      await api.pool.query('update phone_numbers set released_at = now()');
      await assignNumber(api.pool, other, number);
      await sms({ MessageSid: sid(1) });
      await sms({ MessageSid: sid(2) });
      assert.deepEqual([(await events()).length, (await smsEvents(api.pool, other)).length], [1, 1]);
    });

    it('field case 57: keep NUL in the event, replaced in the message; bytes that are not UTF-8 stay encoded', async () => {
      await sms({ MessageSid: sid(1), Body: 'a\0b', From: 'x\0' });
      await sms({ MessageSid: sid(2), Body: 'a\\u0000b' });
      const form = new URLSearchParams(smsForm({ MessageSid: sid(3), Body: 'BYTES' })).toString();
      const sent = form.replace('BYTES', '%ED%A0%80');
      const response = await post({
        path: '/twilio/sms',
        form: sent,
        signedForm: form.replace('BYTES', '%25ED%25A0%2580'),
      });
      assert.equal(response.status, 200);
      await sms({ MessageSid: sid(4), Body: '😀'.repeat(1_600), NumSegments: '48' });
      await sms({ MessageSid: sid(5), To: `${number}\0` });
      assert.deepEqual(
        (await events()).map(({ data }) => data['body']),
        ['a\0b', 'a\\u0000b', '%ED%A0%80', '😀'.repeat(1_600)],
      );
      assert.deepEqual((await rows()).map((row) => row['body']).slice(0, 2), ['a\ufffdb', 'a\\u0000b']);
    });
  });

  describe('for a message that went out', () => {
    const status = (word: string, fields: Record<string, string> = {}, query = '') =>
      post({ path: `/twilio/status${query}`, form: statusForm(word, fields) });

    it('report the delivery to the tenant that the signed url names', async () => {
      await api.pool.query("update tenants set external_id = 't_1'");
      const { url, body, signature } = vectors.delivered;
      const response = await post({ path: url.slice(publicBaseUrl.length), form: body, signature });
      assert.deepEqual([response.status, response.text], [204, '']);
      const [event] = await events();
      const { timestamp, message_id: _id, ...data } = event!.data;
      assert.deepEqual(
        { type: event!.type, id: event!.id, data },
        {
          type: 'sms.delivered',
          id: 'SM00112233445566778899aabbccddeeff_status',
          data: { message_sid: 'SM00112233445566778899aabbccddeeff', status: 'delivered', error_code: null },
        },
      );
      assert.ok(Math.abs(Date.parse(timestamp as string) - Date.now()) < 10_000);
    });

    it("report a failure with Twilio's code to the tenant of the message", async () => {
      await insertOutboundMessage(api.pool, tenantId, { messageSid: 'SM00112233445566778899aabbccddeeff' });
      const { body, signature } = vectors.undelivered;
      assert.equal((await post({ path: '/twilio/status', form: body, signature })).status, 204);
      const [event] = await events();
      assert.deepEqual(
        [event!.type, event!.id, event!.data['status'], event!.data['error_code']],
        ['sms.failed', 'SM00112233445566778899aabbccddeeff_status', 'undelivered', '30003'],
      );
    });

    it('field case 43: report that the recipient has opted out', async () => {
      await insertOutboundMessage(api.pool, tenantId, { messageSid: sid(1) });
      await status('failed', { MessageSid: sid(1), ErrorCode: '21610' });
      const [event] = await events();
      assert.deepEqual([event!.type, event!.data['error_code']], ['sms.failed', '21610']);
    });

    it('field case 40: may come in any order; the first final status and its code stay', async () => {
      const cases: [
        reports: [word: string, errorCode?: string][],
        triggered: string[],
        status: string,
        code: string | null,
      ][] = [
        [[['delivered'], ['sent'], ['queued']], ['sms.delivered'], 'delivered', null],
        [[['undelivered', '30003'], ['failed']], ['sms.failed'], 'undelivered', '30003'],
        [[['failed'], ['failed', '30003']], ['sms.failed'], 'failed', '30003'],
        [[['undelivered'], ['delivered']], ['sms.failed'], 'undelivered', null],
        [[['delivered'], ['read']], ['sms.delivered'], 'read', null],
        [[['read'], ['delivered']], ['sms.delivered'], 'read', null],
        [[['partially_delivered'], ['exploded'], ['']], [], 'queued', null],
        [[['sent'], ['canceled'], ['delivered']], [], 'canceled', null],
      ];
      for (const [n, [reports, triggered, end, code]] of cases.entries()) {
        await api.pool.query('truncate webhook_events cascade');
        const id = await insertOutboundMessage(api.pool, tenantId, { messageSid: sid(n) });
        for (const [word, errorCode] of reports) {
          const response = await status(word, { MessageSid: sid(n), ...(errorCode && { ErrorCode: errorCode }) });
          assert.equal(response.status, 204, word);
        }
        assert.deepEqual(typesOf(await events()), triggered, JSON.stringify(reports));
        const row = (await rows()).find((row) => row['id'] === id)!;
        assert.deepEqual([row['status'], row['error_code']], [end, code], JSON.stringify(reports));
      }
    });

    it('may come before the response to the request', async () => {
      const id = await insertOutboundMessage(api.pool, tenantId, { status: 'unknown', body: 'a'.repeat(161) });
      const query = `?tenant=${tenantId}&message=${id}`;
      await status('delivered', { MessageSid: sid(1) }, query);
      await status('sent', { MessageSid: sid(1) }, query);
      const triggered = await events();
      assert.deepEqual(typesOf(triggered), ['sms.sent', 'sms.delivered']);
      const { timestamp: _at, ...sent } = triggered[0]!.data;
      assert.deepEqual(sent, {
        message_sid: sid(1),
        from: number,
        to: '+15551234567',
        body: 'a'.repeat(161),
        media_urls: [],
        direction: 'outbound',
        status: 'sent',
        provider_status: 'queued',
        segments: 2,
        message_id: id,
      });
      assert.equal(await countedSegments(api.pool, tenantId), 2);
    });

    it('of an unknown message make no event, and never change another message', async () => {
      assert.equal((await status('delivered')).status, 204);
      assert.equal((await status('delivered', {}, '?tenant=nobody&message=none')).status, 204);
      assert.equal((await status('delivered', {}, '?tenant=%00&message=%00')).status, 204);
      const id = await insertOutboundMessage(api.pool, tenantId, { messageSid: sid(1) });
      assert.equal((await status('failed', { MessageSid: sid(2) }, `?tenant=${tenantId}&message=${id}`)).status, 204);
      await sms({ MessageSid: sid(3) });
      assert.equal((await status('failed', { MessageSid: sid(3) })).status, 204);
      assert.deepEqual(typesOf(await events()), ['sms.received']);
      assert.deepEqual(
        (await rows()).map((row) => row['status']),
        ['queued', 'received'],
      );
    });

    it('make at most one final event and count once, whatever comes at the same time', async () => {
      const words = ['queued', 'sent', 'delivered', 'undelivered', 'failed', 'read', 'partially_delivered'];
      let n = 1_000;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }), async (reports) => {
          n += 1;
          await api.pool.query('truncate webhook_events, tenant_usage cascade');
          const id = await insertOutboundMessage(api.pool, tenantId, { status: 'unknown' });
          const responses = await Promise.all(
            [...reports, ...reports].map((word) =>
              status(word, { MessageSid: sid(n) }, `?tenant=${tenantId}&message=${id}`),
            ),
          );
          for (const response of responses) assert.equal(response.status, 204);
          const [first, ...ends] = typesOf(await events());
          assert.equal(first, 'sms.sent');
          const isEnded = reports.some((word) => ['delivered', 'undelivered', 'failed', 'read'].includes(word));
          assert.equal(ends.length, isEnded ? 1 : 0, String(ends));
          assert.equal(await countedSegments(api.pool, tenantId), 1);
        }),
        { numRuns: 25 },
      );
    });
  });

  describe('are accepted if Twilio signed them', () => {
    it('field case 38: for the public url, whatever host a proxy or a caller names', async () => {
      await assignNumber(api.pool, tenantId, '+15550101');
      const { body, signature } = vectors.behindProxy;
      const forwarded = { 'X-Forwarded-Proto': 'https' };
      const path = '/twilio/sms';
      const accepted = [
        await post({ path, form: body, signature, headers: forwarded }),
        await post({ path, form: body, signature, headers: { ...forwarded, 'X-Forwarded-Host': 'evil.example.test' } }),
        await post({ path, form: `${body}&Addr=%2B15550109&Addr=%2B15550103`, headers: forwarded }),
      ];
      for (const response of accepted) assert.equal(response.status, 200);
      for (const wrong of [null, '', `x${signature.slice(1)}`])
        assert.equal((await post({ path, form: body, signature: wrong, headers: forwarded })).status, 403);
    });

    it("with the next token too, or with a subaccount's own token", async () => {
      assert.equal((await post({ path: '/twilio/sms', form: smsForm(), token: 'test-token-0002' })).status, 200);
      await assignNumber(api.pool, tenantId, '+15550000002', subaccountSid);
      const form = smsForm({ AccountSid: subaccountSid, MessageSid: sid(2), To: '+15550000002' });
      assert.equal((await post({ path: '/twilio/sms', form })).status, 403);
      assert.equal((await post({ path: '/twilio/sms', form, token: 'token-of-the-subaccount' })).status, 200);
      assert.equal((await events()).length, 2);
    });

    it('even with unknown fields and query parameters', async () => {
      const form = `${new URLSearchParams(smsForm()).toString()}&a%5Bb%5D=1&__proto=2`;
      assert.equal((await post({ path: "/twilio/sms?x=O'Fallon+a%3Fb&%2f=:@", form })).status, 200);
      assert.equal((await events()).length, 1);
    });

    it('and are refused otherwise, with nothing stored and no details', async () => {
      const form = new URLSearchParams(smsForm({ FromCity: '' })).toString();
      const path = '/twilio/sms';
      const refused: [what: string, status: number, callback: Callback][] = [
        ['another token', 403, { path, form, token: 'another' }],
        ['no signature', 403, { path, form, signature: null }],
        ['without an empty field', 403, { path, form: form.replace('&FromCity=', ''), signedForm: form }],
        ['trimmed', 403, { path, form, signedForm: form.replace('hello', 'hello+') }],
        ['an account of somebody else', 403, { path, form: smsForm({ AccountSid: `AC${'f'.repeat(32)}` }) }],
        [
          'an account named twice',
          403,
          { path, form: `${form}&AccountSid=${subaccountSid}`, token: 'token-of-the-subaccount' },
        ],
        ['JSON', 415, { path, form: '{"a":1}', headers: { 'Content-Type': 'application/json' } }],
        ['no form', 415, { path, form, headers: { 'Content-Type': 'text/plain' } }],
        [
          'another charset',
          415,
          { path, form, headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-7' } },
        ],
        ['over 100 kB', 413, { path, form: smsForm({ Body: 'x'.repeat(103_000) }) }],
        ['over 1,000 fields', 413, { path, form: Array.from({ length: 1_001 }, (_, n) => `f${n}=1`).join('&') }],
        ['no message', 400, { path, form: smsForm({ MessageSid: '' }) }],
        ['a message with NUL', 400, { path, form: smsForm({ MessageSid: 'SM\0' }) }],
        ['a status without message', 400, { path: '/twilio/status', form: statusForm('sent', { MessageSid: '' }) }],
        ['another path', 404, { path: '/twilio/other', form }],
      ];
      for (const [what, status, callback] of refused) {
        const response = await post(callback);
        assert.deepEqual([response.status, response.text], [status, ''], what);
        assert.doesNotMatch(response.headers['content-type'] ?? '', /text\/(plain|html)/, what);
      }
      const got = await fetch(`${api.url}/twilio/sms`);
      assert.deepEqual([got.status, got.headers.get('allow'), await got.text()], [405, 'POST', '']);
      assert.deepEqual([await rows(), await events()], [[], []]);
      assert.doesNotMatch(api.logLines.join(''), /hello|1555|test-token/);
    });

    it('field case 24: and get 403 for any other signature header', async () => {
      const { signature } = vectors.sms;
      const headers = [
        'sha256=',
        `${signature.slice(0, -1)}\u00e9`,
        'A'.repeat(44),
        signature.toUpperCase(),
        `${signature}, ${signature}`,
      ];
      for (const header of headers)
        assert.equal((await post({ path: '/twilio/sms', form: smsForm(), signature: header })).status, 403, header);
    });
  });

  describe('count only for the account whose token signed them', () => {
    const bySubaccount = { token: 'token-of-the-subaccount' };
    const status = (word: string, fields: Record<string, string> = {}, query = '') =>
      post({
        ...bySubaccount,
        path: `/twilio/status${query}`,
        form: statusForm(word, { AccountSid: subaccountSid, ...fields }),
      });
    const inboundOf = (account: string, fields: Record<string, string>) =>
      post({
        ...(account === subaccountSid && bySubaccount),
        path: '/twilio/sms',
        form: smsForm({ AccountSid: account, ...fields }),
      });
    const warnings = () => api.logLines.filter((line) => line.includes('message.other_account'));

    it('field case 97: a sub-account cannot report on what the main account sent', async () => {
      const known = await insertOutboundMessage(api.pool, tenantId, { messageSid: sid(1) });
      const underWay = await insertOutboundMessage(api.pool, tenantId, { status: 'unknown' });
      const before = await rows();
      const reports: [fields: Record<string, string>, query: string][] = [
        [{ MessageSid: sid(1), ErrorCode: '30003' }, ''],
        [{ MessageSid: sid(1) }, `?tenant=${tenantId}&message=${known}`],
        [{ MessageSid: sid(2) }, `?tenant=${tenantId}&message=${underWay}`],
      ];
      for (const [fields, query] of reports)
        for (const word of ['failed', 'delivered']) {
          const response = await status(word, fields, query);
          assert.deepEqual([response.status, response.text], [204, '']);
        }
      assert.deepEqual([await events(), await rows()], [[], before]);
      assert.equal(warnings().length, 2 * reports.length, 'each is logged once');
      // The message's own account can still report on it.
      await post({ path: '/twilio/status', form: statusForm('delivered', { MessageSid: sid(1) }) });
      assert.deepEqual(typesOf(await events()), ['sms.delivered']);
    });

    it('a received message makes an event only if the number is in that account', async () => {
      const [mains, subs] = [number, '+15550000002'];
      await assignNumber(api.pool, tenantId, subs, subaccountSid);
      const cases: [account: string, to: string, triggered: boolean][] = [
        [subaccountSid, mains, false],
        [accountSid, subs, false],
        [accountSid, mains, true],
        [subaccountSid, subs, true],
      ];
      for (const [n, [account, To, isTriggered]] of cases.entries()) {
        const before = (await events()).length;
        const response = await inboundOf(account, { To, MessageSid: sid(n) });
        assert.deepEqual([response.status, response.text], [200, emptyTwiml]);
        assert.equal((await events()).length - before, isTriggered ? 1 : 0, `${account} for ${To}`);
      }
      assert.equal(warnings().length, 2);
      assert.doesNotMatch(warnings().join(''), /1555/);
      assert.equal((await rows()).length, 2);
      assert.equal(await countedSegments(api.pool, tenantId), 2);
    });

    it('a message that was turned away makes an event when it comes again after the number got its account', async () => {
      await inboundOf(subaccountSid, { MessageSid: sid(1) });
      await api.pool.query('update phone_numbers set account_sid = $1', [subaccountSid]);
      await inboundOf(subaccountSid, { MessageSid: sid(1) });
      assert.deepEqual(typesOf(await events()), ['sms.received']);
    });

    it('a sub-account can report on another program’s message only to tenants that have a number in it', async () => {
      const other = await insertTenant(api.pool);
      await assignNumber(api.pool, other, '+15550000002', subaccountSid);
      const of = (tenant: string, fields: Record<string, string>) => status('failed', fields, `?tenant=${tenant}`);
      // From a number in the sub-account, from one in the main account, and from a name.
      await of(tenantId, { MessageSid: sid(1), From: '+15550000002' });
      await of(other, { MessageSid: sid(2), From: number });
      await of(tenantId, { MessageSid: sid(3), From: 'ACME' });
      assert.deepEqual([await events(), await smsEvents(api.pool, other), await rows()], [[], [], []]);
      assert.equal(warnings().length, 3);
      await of(other, { MessageSid: sid(4), From: '+15550000002' });
      await of(other, { MessageSid: sid(5), From: 'ACME' });
      assert.deepEqual(typesOf(await smsEvents(api.pool, other)), ['sms.failed', 'sms.failed']);
      // The main account's own programs may name any tenant, but not speak for a number of a sub-account.
      const byMain = (From: string, n: number) =>
        post({
          path: `/twilio/status?tenant=${tenantId}`,
          form: statusForm('failed', { MessageSid: sid(n), From }),
        });
      await byMain('+15550000002', 6);
      assert.deepEqual(await events(), []);
      await byMain('ACME', 7);
      assert.deepEqual(typesOf(await events()), ['sms.failed']);
    });
  });

  it('are acknowledged and make no event when the tenant is gone', async () => {
    const id = await insertOutboundMessage(api.pool, tenantId, { messageSid: sid(1) });
    await api.pool.query('truncate tenants cascade');
    const query = `?tenant=${tenantId}&message=${id}`;
    const response = await post({
      path: `/twilio/status${query}`,
      form: statusForm('delivered', { MessageSid: sid(1) }),
    });
    assert.equal(response.status, 204);
    assert.equal((await sms()).status, 200);
    assert.deepEqual(await rows(), []);
  });

  it('are refused when no account is configured', async () => {
    const without = await startApi();
    try {
      assert.equal((await postCallback(without.url, { path: '/twilio/sms', form: smsForm() })).status, 403);
      assert.equal((await postCallback(without.url, { path: '/twilio/sms', form: smsForm(), token: '' })).status, 403);
      const response = await without.call('POST', '/v1/tenants', { key: adminKey, body: { name: 'x' } });
      assert.equal(response.status, 201);
    } finally {
      await without.close();
    }
  });
});

describe('the callbacks of Twilio while Postgres is away', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let api: Api;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    proxy = await startTcpProxy(Number(new URL(database.url).port));
    api = await startApi({ messages: messages(), databaseUrl: throughProxy(database.url, proxy) });
    tenantId = await insertTenant(database.pool);
    await assignNumber(database.pool, tenantId, number);
  });
  after(async () => {
    await api.close();
    await proxy.close();
    await database.drop();
  });

  const timed = async (n: number) => {
    const startedAt = performance.now();
    const response = await postCallback(api.url, { path: '/twilio/sms', form: smsForm({ MessageSid: sid(n) }) });
    return { response, ms: performance.now() - startedAt };
  };
  const received = async () => (await smsEvents(database.pool, tenantId)).length;

  for (const [n, how] of (['cut', 'freeze'] as const).entries()) {
    it(`field case 41: get 503 within 3 s (${how}), and make one event when Twilio retries`, async () => {
      assert.equal((await timed(10 * n)).response.status, 200);
      await proxy[how]();
      const { response, ms } = await timed(10 * n + 1);
      assert.deepEqual([response.status, response.text], [503, '']);
      assert.ok(ms < 3_000, `${ms} ms`);
      assert.match(response.headers['retry-after']!, /^\d+$/);
      assert.equal(response.headers['content-type'], undefined);
      await proxy.restore();
      let again = await timed(10 * n + 1);
      for (const until = Date.now() + 10_000; again.response.status !== 200 && Date.now() < until;) {
        await delay(50);
        again = await timed(10 * n + 1);
      }
      assert.equal(again.response.status, 200);
      assert.equal(await received(), 2 * (n + 1));
    });
  }
});
