import assert from 'node:assert/strict';
import { createTenant, startApi, type Api, type TestTenant } from './fixture.js';
import type { StartableMessage } from '../../../src/db/unstarted-messages.js';
import { accountSid } from '../../support/contract-twilio.js';
import { assignNumber } from '../../support/sms-events.js';
import { publicBaseUrl, postCallback, smsForm } from '../../support/twilio-callback.js';

const number = '+15557654321';
const service = 'MG0123456789abcdef0123456789abcdef';

describe('/v1/messages', () => {
  let api: Api;
  let tenant: TestTenant;
  const started: StartableMessage[] = [];
  before(async () => {
    api = await startApi({
      messages: {
        accountSid,
        accounts: [{ sid: accountSid, tokens: ['test-token-0001'] }],
        publicBaseUrl,
        workflows: { start: (message) => void started.push(message) },
      },
    });
  });
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

  it('takes a message and starts sending it', async () => {
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

  it('takes media with or without a text', async () => {
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
      const answer = await post(body);
      assert.equal(answer.status, 400);
      assert.deepEqual(
        answer.body.errors.map((error: { path: string }) => error.path),
        [path],
      );
      assert.equal(started.length, 0);
    });
  }

  it('refuses a text that is far too long without counting its parts, and never quotes a text', async () => {
    const startedAt = performance.now();
    const answer = await post({ ...text, body: '😀'.repeat(20_000) });
    assert.equal(answer.status, 400);
    assert.ok(performance.now() - startedAt < 500);
    assert.ok(!JSON.stringify(answer.body).includes('😀'));
  });

  it('sends from the numbers of its tenant only, and does not tell whose others are', async () => {
    const other = await createTenant(api, ['messages:write']);
    await assignNumber(api.pool, other.id, '+15550000001');
    await api.pool.query(
      `insert into phone_numbers (tenant_id, phone_number, assigned_at, released_at)
       values ($1, '+15550000003', now() - interval '1 day', now())`,
      [tenant.id],
    );
    const answers = await Promise.all(
      ['+15550000001', '+15550000002', '+15550000003'].map((from) => post({ ...text, from })),
    );
    for (const answer of answers) assert.equal(answer.status, 400);
    assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body).replace(/\+1555000000\d/g, ''))).size, 1);
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

  it('takes a message once that is sent again with the same Idempotency-Key', async () => {
    const key = { 'Idempotency-Key': 'order-17' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(text, key)));
    for (const { status, body } of answers)
      assert.deepEqual([status, body.message.id], [202, answers[0]!.body.message.id]);
    assert.equal(started.length, 1);
    assert.equal((await post({ ...text, body: 'another' }, key)).status, 409);
    assert.equal((await post(text, { 'Idempotency-Key': 'a b' })).status, 400);
    const other = await createTenant(api, ['messages:write']);
    await assignNumber(api.pool, other.id, '+15550000001');
    assert.equal((await post({ ...text, from: '+15550000001' }, key, other)).status, 202, 'each tenant has its own');
  });

  it('lists messages in and out, newest first, by pages and filters', async () => {
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
    const first = await bodies('?limit=3');
    const second = await bodies(`?limit=3&cursor=${first.cursor}`);
    assert.deepEqual([first.bodies, second], [['four', 'three', 'two'], { bodies: ['one'], cursor: null }]);
    assert.equal((await tenant.call('GET', '/v1/messages?status=exploded')).status, 400);
  });

  it('field case 34: shows a tenant its own messages only, to a key that may', async () => {
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
    assert.equal((await api.call('GET', '/v1/messages')).status, 403, 'a platform key names no tenant');
  });

  it('field case 31: finds nothing at what is no id', async () => {
    for (const id of ['abc', '1', 'a%00b', '..%2f..%2fx', '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a'])
      assert.equal((await tenant.call('GET', `/v1/messages/${id}`)).status, 404, id);
  });

  it('says what is missing where no account is configured', async () => {
    const without = await startApi();
    try {
      const someone = await createTenant(without, ['messages:write']);
      const answer = await someone.call('POST', '/v1/messages', { body: text });
      assert.equal(answer.status, 409);
      assert.match(answer.body.detail, /TWILIO_ACCOUNT_SID/);
      assert.deepEqual((await someone.call('GET', '/v1/messages')).body.messages, []);
    } finally {
      await without.close();
    }
  });
});
