import assert from 'node:assert/strict';
import { createTenant, startApi, type Api, type TestTenant } from './fixture.js';
import type { StartableMessage } from '../../../src/db/unstarted-messages.js';
import { accountSid } from '../../support/contract-twilio.js';
import { createTestDatabase } from '../../support/database.js';
import { assignNumber } from '../../support/sms-events.js';
import { publicBaseUrl, postCallback, smsForm } from '../../support/twilio-callback.js';
import { waitFor } from '../../support/wait-for.js';

const number = '+15557654321';
const service = 'MG0123456789abcdef0123456789abcdef';

describe('/v1/messages', () => {
  let api: Api;
  let tenant: TestTenant;
  const started: StartableMessage[] = [];
  const messages = () => ({
    accountSid,
    accounts: [{ sid: accountSid, tokens: ['test-token-0001'] }],
    publicBaseUrl,
    workflows: { startMessage: (message: StartableMessage) => void started.push(message) },
  });
  before(async () => void (api = await startApi({ messages: messages() })));
  after(() => api.close());
  beforeEach(async () => {
    await api.pool.query('truncate tenants cascade');
    tenant = await createTenant(api, ['messages:write']);
    await assignNumber(api.pool, tenant.id, number);
    started.length = 0;
  });

  const text = { to: '+15551234567', from: number, body: 'Your table is ready' };
  const post = (body: unknown, headers?: Record<string, string>, as = tenant) =>
    as.call('POST', '/v1/messages', { body, ...(headers && { headers }) });

  it('accepts a message and starts sending it', async () => {
    const { status, body } = await post(text);
    assert.equal(status, 202);
    const { id, created_at: createdAt, ...message } = body.message;
    assert.deepEqual(message, {
      direction: 'outbound',
      status: 'pending',
      from: number,
      to: '+15551234567',
      messaging_service_sid: null,
      body: 'Your table is ready',
      media_urls: [],
      media_count: 0,
      segments: null,
      message_sid: null,
      error_code: null,
      accepted_at: null,
      ended_at: null,
    });
    assert.ok(createdAt);
    assert.deepEqual(
      started.map((message) => [message.id, message.tenantId]),
      [[id, tenant.id]],
    );
    assert.deepEqual((await tenant.call('GET', `/v1/messages/${id}`)).body.message, body.message);
  });

  it('accepts media with or without a text', async () => {
    const media = ['https://media.example.com/a.jpg', 'https://media.example.com/b.mp4'];
    const { body } = await post({ to: text.to, from: number, media_urls: media });
    assert.deepEqual([body.message.body, body.message.media_urls, body.message.media_count], [null, media, 2]);
    assert.equal((await post({ ...text, media_urls: media })).status, 202);
  });

  const refused: [what: string, body: Record<string, unknown>, path: string][] = [
    ['no recipient', { from: number, body: 'x' }, 'to'],
    ['a recipient that cannot be dialled', { ...text, to: '0555 123' }, 'to'],
    ['a recipient of another channel', { ...text, to: 'whatsapp:+15551234567' }, 'to'],
    ['a recipient with a character of full width', { ...text, to: '＋15551234567' }, 'to'],
    ['no sender', { to: text.to, body: 'x' }, 'from'],
    ['two senders', { ...text, messaging_service_sid: service }, 'from'],
    [
      'a service that merely begins like one',
      { to: text.to, body: 'x', messaging_service_sid: 'MGM Resorts' },
      'messaging_service_sid',
    ],
    ['neither text nor media', { to: text.to, from: number }, 'body'],
    ['an empty text', { ...text, body: '' }, 'body'],
    ['a text of over 1,600 characters', { ...text, body: 'x'.repeat(1_601) }, 'body'],
    ['a text with NUL', { ...text, body: 'a\0b' }, 'body'],
    ['media that is no url', { ...text, media_urls: ['file:///etc/passwd'] }, 'media_urls.0'],
    ['11 media', { ...text, media_urls: Array(11).fill('https://media.example.com/a.jpg') }, 'media_urls'],
    ['a misspelt field', { ...text, media_url: 'https://media.example.com/a.jpg' }, 'media_url'],
  ];
  for (const [what, body, path] of refused) {
    it(`refuses ${what}`, async () => {
      const response = await post(body);
      assert.equal(response.status, 400);
      assert.deepEqual(
        response.body.errors.map((error: { path: string }) => error.path),
        [path],
      );
      assert.equal(started.length, 0);
    });
  }

  it('refuses a text that is far too long, and never quotes a text', async () => {
    const response = await post({ ...text, body: '😀'.repeat(20_000) });
    assert.equal(response.status, 400);
    assert.ok(!JSON.stringify(response.body).includes('😀'));
  });

  it('sends only from numbers of the tenant, and does not reveal who owns others', async () => {
    const other = await createTenant(api, ['messages:write']);
    await assignNumber(api.pool, other.id, '+15550000001');
    await api.pool.query(
      `insert into phone_numbers (tenant_id, phone_number, assigned_at, released_at)
       values ($1, '+15550000003', now() - interval '1 day', now())`,
      [tenant.id],
    );
    const responses = await Promise.all(
      ['+15550000001', '+15550000002', '+15550000003'].map((from) => post({ ...text, from })),
    );
    for (const response of responses) assert.equal(response.status, 400);
    assert.equal(new Set(responses.map(({ body }) => JSON.stringify(body).replace(/\+1555000000\d/g, ''))).size, 1);
    assert.equal(started.length, 0);
  });

  it('lets a Messaging Service belong to the tenant that used it first', async () => {
    const by = { to: text.to, body: 'x', messaging_service_sid: service };
    const { status, body } = await post(by);
    assert.deepEqual([status, body.message.from, body.message.messaging_service_sid], [202, null, service]);
    const other = await createTenant(api, ['messages:write']);
    assert.equal((await post(by, undefined, other)).status, 400);
    assert.equal((await post(by)).status, 202);
  });

  it('accepts a message only once when it is posted again with the same Idempotency-Key', async () => {
    const key = { 'Idempotency-Key': 'order-17' };
    const responses = await Promise.all(Array.from({ length: 5 }, () => post(text, key)));
    for (const { status, body } of responses)
      assert.deepEqual([status, body.message.id], [202, responses[0]!.body.message.id]);
    assert.equal(started.length, 1);
    assert.equal((await post({ ...text, body: 'another' }, key)).status, 409);
    assert.equal((await post(text, { 'Idempotency-Key': 'a b' })).status, 400);
    const other = await createTenant(api, ['messages:write']);
    await assignNumber(api.pool, other.id, '+15550000001');
    assert.equal((await post({ ...text, from: '+15550000001' }, key, other)).status, 202, 'each tenant has its own');
  });

  it('field case 98: answers a repeat with the first message, whatever has changed since', async () => {
    const key = { 'Idempotency-Key': 'order-18' };
    const first = await post(text, key);
    await api.pool.query('update phone_numbers set released_at = now()');
    for (let i = 0; i < 2; i++) {
      const again = await post(text, key);
      assert.deepEqual([again.status, again.body], [202, first.body]);
    }
    assert.equal((await post({ ...text, body: 'another' }, key)).status, 409);
    assert.equal((await post(text)).status, 400, 'a new one is refused');
    const byService = { to: text.to, body: 'x', messaging_service_sid: service };
    const service17 = { 'Idempotency-Key': 'service-17' };
    const sent = await post(byService, service17);
    await api.pool.query('update messaging_services set tenant_id = $1', [(await createTenant(api)).id]);
    assert.deepEqual((await post(byService, service17)).body, sent.body);
    assert.equal((await post(byService)).status, 400);
    assert.equal(started.length, 2);
  });

  it('answers a repeat with the first message when the right to send is lost between the two', async () => {
    const request = { to: text.to, body: 'x', messaging_service_sid: service };
    const key = 'order-20';
    const other = await createTenant(api);
    const holder = await api.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('insert into messaging_services (service_sid, tenant_id) values ($1, $2)', [
        service,
        other.id,
      ]);
      const repeat = post(request, { 'Idempotency-Key': key });
      await waitFor(
        async () =>
          (
            await api.pool.query(
              "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
            )
          ).rowCount === 1,
        { what: 'the repeat to wait for the service' },
      );
      const { rows } = await api.pool.query<{ id: string }>(
        `insert into messages (tenant_id, direction, account_sid, messaging_service_sid, to_number, body, status, idempotency_key)
         values ($1, 'outbound', $2, $3, $4, 'x', 'pending', $5) returning id`,
        [tenant.id, accountSid, service, text.to, key],
      );
      await holder.query('commit');
      const { status, body } = await repeat;
      assert.deepEqual([status, body.message?.id], [202, rows[0]!.id]);
      assert.equal(started.length, 0);
    } finally {
      holder.release();
    }
  });

  it('answers a repeat even when no account is configured any more', async () => {
    const database = await createTestDatabase();
    const configured = await startApi({ databaseUrl: database.url, messages: messages() });
    const without = await startApi({ databaseUrl: database.url });
    try {
      const { id, key } = await createTenant(configured, ['messages:write']);
      await assignNumber(database.pool, id, number);
      const send = (to: Api, body: unknown) =>
        to.call('POST', '/v1/messages', { key, body, headers: { 'Idempotency-Key': 'order-19' } });
      const first = await send(configured, text);
      assert.equal(first.status, 202);
      assert.deepEqual((await send(without, text)).body, first.body);
      const other = await send(without, { ...text, body: 'another' });
      assert.match(other.body.detail, /used for another message/);
    } finally {
      await configured.close();
      await without.close();
      await database.drop();
    }
  });

  it('field case 98: does not mistake one list of media for another', async () => {
    const [one, two] = ['https://media.example.com/a', 'https://media.example.com/b'];
    const media = (media_urls: string[]) => post({ ...text, media_urls }, { 'Idempotency-Key': 'media-1' });
    assert.equal((await media([one, two])).status, 202);
    for (const other of [[`${one}\n${two}`], [two, one], [one], [one, two, two]])
      assert.equal((await media(other)).status, 409, JSON.stringify(other));
    assert.equal((await media([one, two])).status, 202);
    assert.equal(started.length, 1);
  });

  it('field case 98: measures text as Twilio does, in UTF-16 units', async () => {
    for (const [body, status] of [
      ['😀'.repeat(800), 202],
      ['😀'.repeat(801), 400],
      [`${'😀'.repeat(799)}ab`, 202],
      ['ą'.repeat(1_600), 202],
      ['ą'.repeat(1_601), 400],
    ] as const) {
      const response = await post({ ...text, body });
      assert.equal(response.status, status, `${body.length} units`);
      if (status === 400) {
        assert.deepEqual(
          response.body.errors.map((error: { path: string }) => error.path),
          ['body'],
        );
        assert.match(response.body.errors[0].message, /1 to 1600 characters.*UTF-16/);
      }
    }
  });

  it('refuses media that Postgres cannot store', async () => {
    for (const rest of ['\0', '\ud800']) {
      const response = await post({ ...text, media_urls: [`https://media.example.com/${rest}`] });
      assert.deepEqual([response.status, response.body.errors[0].path], [400, 'media_urls.0']);
    }
  });

  it('gives a Messaging Service to one of two tenants that use it at the same time', async () => {
    const by = { to: text.to, body: 'x', messaging_service_sid: service };
    const tenants = await Promise.all([1, 2, 3].map(() => createTenant(api, ['messages:write'])));
    const responses = await Promise.all([...tenants, ...tenants].map((one) => post(by, undefined, one)));
    const taken = responses.map(({ status }) => status);
    assert.deepEqual([...taken].sort(), [202, 202, 400, 400, 400, 400]);
    assert.deepEqual(taken.slice(0, 3), taken.slice(3), 'both of the same tenant');
    const { rows } = await api.pool.query('select distinct tenant_id from messages');
    assert.equal(rows.length, 1);
  });

  it('lists sent and received messages, newest first, with pages and filters', async () => {
    for (const body of ['one', 'two', 'three']) await post({ ...text, body });
    await postCallback(api.url, { path: '/twilio/sms', form: smsForm({ Body: 'four' }) });
    const bodies = async (query: string) => {
      const { status, body } = await tenant.call('GET', `/v1/messages${query}`);
      assert.equal(status, 200, query);
      return {
        bodies: body.messages.map((message: { body: string }) => message.body) as string[],
        cursor: body.next_cursor as string | null,
      };
    };
    assert.deepEqual((await bodies('')).bodies, ['four', 'three', 'two', 'one']);
    assert.deepEqual((await bodies('?direction=inbound')).bodies, ['four']);
    assert.deepEqual((await bodies('?status=pending&direction=outbound')).bodies, ['three', 'two', 'one']);
    assert.deepEqual((await bodies('?status=received&direction=inbound')).bodies, ['four']);
    assert.deepEqual((await bodies('?status=received&direction=outbound')).bodies, []);
    assert.deepEqual((await bodies('?status=pending&direction=inbound')).bodies, []);
    const first = await bodies('?limit=3');
    const second = await bodies(`?limit=3&cursor=${first.cursor}`);
    assert.deepEqual([first.bodies, second], [['four', 'three', 'two'], { bodies: ['one'], cursor: null }]);
    assert.equal((await tenant.call('GET', '/v1/messages?status=exploded')).status, 400);
  });

  it('field case 34: shows a tenant only its own messages, and only to a key with the scope', async () => {
    const { body } = await post(text);
    const path = `/v1/messages/${body.message.id}`;
    const other = await createTenant(api, ['messages:write']);
    assert.equal((await other.call('GET', path)).status, 404);
    assert.deepEqual((await other.call('GET', '/v1/messages')).body.messages, []);
    const reader = await createTenant(api, ['webhooks:read', 'webhooks:write']);
    for (const [method, at] of [
      ['GET', path],
      ['GET', '/v1/messages'],
      ['POST', '/v1/messages'],
    ] as const)
      assert.equal((await reader.call(method, at)).status, 403);
    assert.equal((await api.call('GET', '/v1/messages')).status, 400, 'an admin key that names no tenant');
  });

  it('field case 31: answers 404 for an invalid id', async () => {
    for (const id of ['abc', '1', 'a%00b', '..%2f..%2fx', '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a'])
      assert.equal((await tenant.call('GET', `/v1/messages/${id}`)).status, 404, id);
  });

  it('says what is missing when no account is configured', async () => {
    const without = await startApi();
    try {
      const someone = await createTenant(without, ['messages:write']);
      const response = await someone.call('POST', '/v1/messages', { body: text });
      assert.equal(response.status, 409);
      assert.match(response.body.detail, /TWILIO_ACCOUNT_SID/);
      assert.deepEqual((await someone.call('GET', '/v1/messages')).body.messages, []);
    } finally {
      await without.close();
    }
  });
});
