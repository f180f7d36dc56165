import assert from 'node:assert/strict';
import type { GivenPayload } from '../../src/events/event-types.js';
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { maxBodyBytes } from '../../src/events/trigger.js';
import { createApiClient, createTenantClient, type ApiClient, type TenantClient } from '../support/api-client.js';
import { startReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.js';
import { followDelivery } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';

const smsReceived: GivenPayload<'sms.received'> = {
  message_sid: 'SM0001',
  from: '+15550100',
  to: '+15550101',
  body: '',
  media_count: 0,
  direction: 'inbound',
  received_at: '2025-10-29T12:00:00Z',
};

describe('the size and content of an event', function () {
  this.timeout(60_000);
  let stack: Stack;
  let platform: ApiClient;
  let receiver: Receiver;
  let tenant: TenantClient;
  let webhook: { id: number; secret: string };
  before(async () => {
    stack = await startStack();
    platform = createApiClient(stack);
  });
  beforeEach(async () => {
    receiver = await startReceiver();
    tenant = await createTenantClient(stack);
    webhook = await tenant.createWebhook({ url: receiver.url });
  });
  afterEach(() => receiver.close());
  after(() => stack.close());

  /** An sms.received event as JSON text that contains `payload` exactly as given. */
  const eventText = (payload: string, eventId: string = randomUUID()) =>
    `{"tenant_id":"${tenant.tenantId}","event_type":"sms.received","event_id":"${eventId}",` +
    `"occurred_at":"2025-10-29T12:00:00.000Z","payload":${payload}}`;
  const post = (text: string) => platform.post('/v1/events', Buffer.from(text));
  const payloadWith = (more: Record<string, unknown>) => JSON.stringify({ ...smsReceived, ...more });

  /** Triggers the event and waits for its delivery. Returns the one request, after verifying its signature. */
  async function deliver(text: string): Promise<ReceivedRequest> {
    const { status, body } = await post(text);
    assert.equal(status, 201, JSON.stringify(body));
    const delivery = await followDelivery(stack, tenant, webhook.id, body.deliveries[0].id).waitForEnd('delivered');
    const [request] = receiver.requests;
    assert.equal(receiver.requests.length, 1);
    assert.equal(delivery.body, request!.body.toString(), 'the API shows what was sent');
    assert.equal(request!.headers['content-length'], String(request!.body.length));
    assert.equal(request!.headers['content-type'], 'application/json');
    new Webhook(webhook.secret).verify(request!.body, request!.headers as Record<string, string>);
    return request!;
  }

  const dataOf = (request: ReceivedRequest) =>
    (JSON.parse(request.body.toString()) as { data: Record<string, unknown> }).data;

  async function assertNothingAccepted(): Promise<void> {
    const { body } = await tenant.get(`/v1/webhooks/${webhook.id}/deliveries`);
    assert.deepEqual(body.deliveries, []);
    const { rows } = await stack.database.pool.query('select id from webhook_events where tenant_id = $1', [
      tenant.tenantId,
    ]);
    assert.deepEqual(rows, []);
    assert.equal(receiver.requests.length, 0);
  }

  it('field case 69: a payload of 3 MB is refused with 413, by the API and in process', async () => {
    const body = 'x'.repeat(3 * 1024 * 1024);
    const response = await post(eventText(payloadWith({ body })));
    assert.equal(response.status, 413);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const event = {
      tenantId: tenant.tenantId,
      eventType: 'sms.received' as const,
      eventId: '1',
      payload: { ...smsReceived, body },
    };
    await assert.rejects(stack.service.triggerEvent(event), { name: 'InvalidInputError' });
    await assertNothingAccepted();
  });

  it('field case 69: a rendered body of 256 KB is delivered, one byte more is refused with 413', async () => {
    const eventId = 'boundary';
    const rendered = (body: string) =>
      `{"event":"sms.received","event_id":"${eventId}","timestamp":"2025-10-29T12:00:00.000Z","data":${payloadWith({ body })}}`;
    // Two bytes per character: the limit counts bytes.
    const room = maxBodyBytes - Buffer.byteLength(rendered(''));
    const fits = 'é'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2);
    const refused = await post(eventText(payloadWith({ body: `${fits}x` }), eventId));
    assert.equal(refused.status, 413);
    assert.match(refused.body.detail, /262145.*262144/);
    await assertNothingAccepted();
    const request = await deliver(eventText(payloadWith({ body: fits }), eventId));
    assert.equal(request.body.length, 262_144);
    assert.equal(request.body.toString(), rendered(fits));
  });

  it('a request of 1 MB is read, one byte more is answered with 413', async () => {
    const text = eventText(payloadWith({}));
    const padded = (bytes: number) => text.replace('{', `{${' '.repeat(bytes - Buffer.byteLength(text))}`);
    const response = await post(padded(1024 * 1024 + 1));
    assert.equal(response.status, 413);
    assert.match(response.body.detail, /1048576/);
    await assertNothingAccepted();
    const request = await deliver(padded(1024 * 1024));
    assert.deepEqual(dataOf(request), smsReceived);
  });

  it('numbers that a double cannot hold are refused with their path; all others arrive as they were written', async () => {
    const refused = ['9007199254740993', '-9007199254740993', '1e400', '0.1234567890123456789'];
    for (const number of refused) {
      const response = await post(eventText(payloadWith({}).replace('}', `,"more":{"list":[1,${number}]}}`)));
      assert.equal(response.status, 400, number);
      assert.deepEqual([response.body.errors.length, response.body.errors[0].path], [1, 'payload.more.list.1']);
      assert.ok(response.body.errors[0].message.includes(number), response.body.errors[0].message);
    }
    await assertNothingAccepted();
    const numbers = '[9007199254740991,9007199254740992,-9007199254740992,0.1,1e+21,5e-324,0]';
    const text = '"9007199254740993"';
    const request = await deliver(eventText(payloadWith({}).replace('}', `,"numbers":${numbers},"text":${text}}`)));
    assert.ok(request.body.toString().endsWith(`,"numbers":${numbers},"text":${text}}}`), request.body.toString());
  });

  it('field case 57: NUL in a string is delivered, and the six literal characters \\u0000 stay six characters', async () => {
    const payload = payloadWith({
      body: 'a\u0000b',
      from: 'caller\u0000name',
      more: 'a\\u0000b',
      deep: [{ 'k\u0000': '\u0000' }],
    });
    assert.ok(payload.includes('"body":"a\\u0000b"') && payload.includes('"more":"a\\\\u0000b"'));
    const request = await deliver(eventText(payload));
    assert.ok(request.body.toString().endsWith(`"data":${payload}}`), 'byte by byte as it came');
    const data = dataOf(request);
    assert.deepEqual(
      [data['body'], data['from'], data['more'], data['deep']],
      ['a\0b', 'caller\0name', 'a\\u0000b', [{ 'k\0': '\0' }]],
    );
    // A repeated trigger is compared with the stored event.
    const eventId = request.headers['x-irisx-event-id'] as string;
    assert.equal((await post(eventText(payload, eventId))).status, 200);
    assert.equal((await post(eventText(payloadWith({ body: 'a\\u0000b' }), eventId))).status, 422);
  });

  it('field case 57: NUL in an event id, a url or a header of a webhook is refused with 400', async () => {
    assert.equal((await post(eventText(payloadWith({}), 'a\\u0000b'))).status, 400);
    const path = `/v1/webhooks/${webhook.id}`;
    assert.equal((await tenant.patch(path, { headers: { 'X-Team': 'a\0b' } })).status, 400);
    assert.equal((await tenant.patch(path, { url: `${receiver.url}/a\0b` })).status, 400);
    assert.equal((await tenant.patch(path, { description: 'a\0b' })).status, 400);
    await assertNothingAccepted();
  });

  it('field case 27: non-ASCII text arrives intact, with its length in bytes, at a percent-encoded path', async () => {
    const changed = await tenant.patch(`/v1/webhooks/${webhook.id}`, { url: `${receiver.url}/h/ü?x=é` });
    assert.equal(changed.body.webhook.url, `${receiver.url}/h/%C3%BC?x=%C3%A9`);
    const body = '🙄 – “ok” Łódź';
    const request = await deliver(eventText(payloadWith({ body })));
    assert.equal(request.path, '/h/%C3%BC?x=%C3%A9');
    assert.equal(dataOf(request)['body'], body);
    assert.ok(request.body.includes(body), 'as UTF-8, not as escapes');
  });

  it('field case 27: 200 KB of é arrive intact', async () => {
    const body = 'é'.repeat(102_400);
    const request = await deliver(eventText(payloadWith({ body })));
    assert.ok(request.body.length > 204_800);
    assert.equal(dataOf(request)['body'], body);
  });

  it('field case 27: a non-ASCII event id is percent-encoded in its header, and unchanged everywhere else', async () => {
    const eventId = 'Łódź 😀 100%';
    const request = await deliver(eventText(payloadWith({}), eventId));
    assert.equal(decodeURIComponent(request.headers['x-irisx-event-id'] as string), eventId);
    assert.equal((JSON.parse(request.body.toString()) as { event_id: string }).event_id, eventId);
    const query = new URLSearchParams({ event_id: eventId });
    const { body } = await tenant.get(`/v1/webhooks/${webhook.id}/deliveries?${query.toString()}`);
    assert.deepEqual(
      body.deliveries.map((delivery: { event_id: string }) => delivery.event_id),
      [eventId],
    );
  });

  it('field case 27: an event with the longest allowed id is delivered', async () => {
    const eventId = '€'.repeat(255);
    const request = await deliver(eventText(payloadWith({}), eventId));
    assert.equal(decodeURIComponent(request.headers['x-irisx-event-id'] as string), eventId);
  });

  it('half a surrogate pair in a payload arrives as the escape that was sent', async () => {
    const payload = payloadWith({}).replace('"body":""', '"body":"a\\ud83db"');
    const request = await deliver(eventText(payload));
    assert.ok(request.body.includes('"body":"a\\ud83db"'));
  });
});
