import assert from 'node:assert/strict';
import {
  createWebhookSource,
  EventMismatchError,
  EventRefusedError,
  EventUnconfirmedError,
  type RestSourceOptions,
  type SourceEvent,
} from '../../../src/source/index.js';
import { startReceiver, type StubResponse, type Receiver, type Respond } from '../../support/receiver.js';

describe('a source over REST', () => {
  let api: Receiver;
  before(async () => void (api = await startReceiver()));
  beforeEach(() => void api.requests.splice(0));
  after(() => api.close());

  const tenantId = '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a';
  const event: SourceEvent = {
    tenantId,
    eventType: 'call.dtmf',
    eventId: 'dtmf-1',
    payload: { call_sid: 'call-1', digit: '5', timestamp: new Date('2025-10-29T12:00:00Z') },
    occurredAt: '2025-10-29T12:00:00Z',
  };
  const json = (status: number, body: object, headers: Record<string, string> = {}): StubResponse => ({
    status,
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'request-1', ...headers },
    body: JSON.stringify(body),
  });
  const accepted = (status = 201) =>
    json(status, {
      event: { id: 'event-1', event_type: 'call.dtmf', event_id: 'dtmf-1', timestamp: '2025-10-29T12:00:00.000Z' },
      deliveries: [{ id: 'delivery-1', webhook_id: 7, status: 'pending' }],
    });
  const problem = (status: number, kind: string, headers: Record<string, string> = {}) =>
    json(status, { type: `urn:irisx:problem:${kind}`, title: 'x', status, detail: `This is ${kind}.` }, headers);
  const source = (options: Partial<RestSourceOptions> = {}) =>
    createWebhookSource({ url: api.url, apiKey: 'irisx_key', ...options });
  const trigger = (respond: Respond, options: Partial<RestSourceOptions> = {}, more: Partial<SourceEvent> = {}) => {
    api.respond = respond;
    return source(options).triggerEvent({ ...event, ...more } as SourceEvent);
  };
  const bodies = () => api.requests.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);

  it("sends the event in the API's form, and returns what was stored", async () => {
    assert.deepEqual(await trigger(accepted()), {
      repeated: false,
      stored: {
        id: 'event-1',
        occurredAt: new Date('2025-10-29T12:00:00Z'),
        deliveries: [{ id: 'delivery-1', webhookId: 7, status: 'pending' }],
      },
    });
    const [request] = api.requests;
    assert.deepEqual([request?.method, request?.path], ['POST', '/v1/events']);
    assert.equal(request?.headers.authorization, 'Bearer irisx_key');
    assert.deepEqual(bodies(), [
      {
        tenant_id: tenantId,
        event_type: 'call.dtmf',
        event_id: 'dtmf-1',
        payload: { call_sid: 'call-1', digit: '5', timestamp: '2025-10-29T12:00:00.000Z' },
        occurred_at: '2025-10-29T12:00:00Z',
      },
    ]);
  });

  it('treats 200 as a repeat', async () => {
    assert.equal((await trigger(accepted(200))).repeated, true);
  });

  it('sends the platform’s own id of a tenant if it is not a UUID', async () => {
    await trigger(accepted(), {}, { tenantId: '42' });
    assert.deepEqual([bodies()[0]?.['tenant_external_id'], bodies()[0]?.['tenant_id']], ['42', undefined]);
  });

  it('finds a tenant whose id at the platform is a UUID, and tries that kind of id first from then on', async () => {
    api.respond = ({ body }) => (body.includes('"tenant_id"') ? problem(404, 'not-found') : accepted());
    const uuids = source();
    for (let i = 0; i < 2; i++) assert.equal((await uuids.triggerEvent(event)).repeated, false);
    assert.deepEqual(
      bodies().map((body) => Object.keys(body)[0]),
      ['tenant_id', 'tenant_external_id', 'tenant_external_id'],
    );
    api.respond = problem(404, 'not-found');
    await assert.rejects(uuids.triggerEvent(event), EventRefusedError);
  });

  it('retries temporary failures with an identical body', async () => {
    const cut: StubResponse = { status: 201, headers: { 'Content-Type': 'application/json' }, body: '{"event":' };
    const failures = [problem(503, 'unavailable'), problem(500, 'internal'), { status: 502 }, { status: 408 }, cut];
    const { repeated } = await trigger([...failures, accepted(200)], {}, { occurredAt: undefined });
    assert.equal(repeated, true);
    assert.equal(new Set(api.requests.map(({ body }) => body.toString())).size, 1);
    assert.equal(api.requests.length, failures.length + 1);
  });

  it('retries after a cut connection and after a timeout', async () => {
    const responses = [undefined, { ...accepted(), delayMs: 2_000 }, accepted()];
    await trigger((_request, response, index) => responses[index] ?? void response.destroy(), { timeoutMs: 300 });
    assert.equal(api.requests.length, 3);
  });

  it('waits as long as Retry-After says', async () => {
    await trigger([problem(429, 'too-many-requests', { 'Retry-After': '1' }), accepted()]);
    assert.ok(api.requests[1]!.at - api.requests[0]!.at >= 990);
  });

  it('gives up at the deadline, and reports the last failure and that a repeat is harmless', async () => {
    const beganAtMs = performance.now();
    await assert.rejects(trigger(problem(503, 'unavailable'), { deadlineMs: 600 }), (error) => {
      assert.ok(error instanceof EventUnconfirmedError);
      assert.deepEqual([error.status, error.requestId], [503, 'request-1']);
      assert.match(error.message, /This is unavailable\. Trigger it again later with the same event id and payload\./);
      return true;
    });
    assert.ok(performance.now() - beganAtMs < 10_000);
    assert.ok(api.requests.length >= 2);
  });

  it('does not wait for a Retry-After beyond the deadline', async () => {
    const response = problem(429, 'too-many-requests', { 'Retry-After': '3600' });
    await assert.rejects(trigger(response), (error) => {
      assert.ok(error instanceof EventUnconfirmedError);
      assert.deepEqual([error.status, error.retryAfterMs], [429, 3_600_000]);
      return true;
    });
  });

  it('reports when the API cannot be reached', async () => {
    const nowhere = await startReceiver();
    await nowhere.close();
    await assert.rejects(trigger(200, { url: nowhere.url, deadlineMs: 300 }), (error) => {
      assert.ok(error instanceof EventUnconfirmedError);
      assert.equal(error.status, null);
      assert.match(error.message, /cannot be reached/);
      assert.ok(error.cause instanceof Error);
      return true;
    });
  });

  it('does not retry a refusal, and says why', async () => {
    for (const [status, kind] of [
      [400, 'invalid-input'],
      [401, 'unauthenticated'],
      [403, 'forbidden'],
      [413, 'too-large'],
    ] as const) {
      api.requests.splice(0);
      await assert.rejects(trigger(problem(status, kind)), (error) => {
        assert.ok(error instanceof EventRefusedError);
        assert.deepEqual(
          [error.status, error.type, error.message, error.requestId],
          [status, `urn:irisx:problem:${kind}`, `This is ${kind}.`, 'request-1'],
        );
        return true;
      });
      assert.equal(api.requests.length, 1, String(status));
    }
  });

  it('names the wrong fields', async () => {
    const errors = [{ path: 'payload.digit', message: 'expected text, got 5' }];
    await assert.rejects(trigger(json(400, { detail: 'It does not fit.', errors })), (error) => {
      assert.ok(error instanceof EventRefusedError);
      assert.deepEqual(error.errors, errors);
      assert.match(error.message, /It does not fit\.\npayload\.digit: expected text, got 5/);
      return true;
    });
  });

  it('reports 422 as the same event with another payload', async () => {
    await assert.rejects(trigger(problem(422, 'event-mismatch')), EventMismatchError);
  });

  it('sends its key to no other url', async () => {
    await assert.rejects(trigger({ status: 307, headers: { Location: `${api.url}/elsewhere` } }), { status: 307 });
    assert.equal(api.requests.length, 1);
  });

  it('refuses options that cannot work', () => {
    for (const url of ['', 'webhooks.example.com', 'ftp://example.com', 'https://user:key@example.com'])
      assert.throws(() => source({ url }), TypeError, url);
    for (const apiKey of ['', 'a b', 'a\n']) assert.throws(() => source({ apiKey }), TypeError);
    for (const deadlineMs of [0, -1, Number.NaN, Infinity]) assert.throws(() => source({ deadlineMs }), TypeError);
  });

  describe('recordingCompleted', () => {
    const recording = {
      callSid: 'call-1',
      recordingUrl: 'https://recordings.example.com/call-1.wav?signature=abc',
      tenantId,
      durationSeconds: 119.6,
      sizeBytes: 1_920_044,
    };
    const completed = (respond: Respond, more: Partial<typeof recording> = {}) => {
      api.respond = respond;
      return source().recordingCompleted({ ...recording, ...more });
    };

    it('triggers call.recording.completed, with one event id per call and file, whatever the query of the url', async () => {
      assert.equal(await completed(accepted()), true);
      assert.equal(await completed(accepted(), { recordingUrl: `${recording.recordingUrl}d` }), true);
      const [first, second] = bodies();
      assert.deepEqual(first, {
        tenant_id: tenantId,
        event_type: 'call.recording.completed',
        event_id: 'recording_call-1_1a5349d372f6379c',
        payload: {
          call_sid: 'call-1',
          recording_url: recording.recordingUrl,
          duration_seconds: 120,
          size_bytes: 1_920_044,
          format: 'wav',
          created_at: first?.['occurred_at'],
        },
        occurred_at: first?.['occurred_at'],
      });
      assert.equal(second?.['event_id'], first?.['event_id']);
    });

    it('returns false for a repeat, even with another time or signature, and for an empty recording', async () => {
      assert.equal(await completed(accepted(200)), false);
      assert.equal(await completed(problem(422, 'event-mismatch')), false);
      api.requests.splice(0);
      assert.equal(await completed(accepted(), { sizeBytes: 44 }), false);
      assert.equal(api.requests.length, 0);
    });

    it('refuses an inconsistent report, and passes on every other error', async () => {
      await assert.rejects(completed(accepted(), { recordingUrl: 'call-1.wav' }), TypeError);
      await assert.rejects(completed(accepted(), { durationSeconds: -1 }), TypeError);
      await assert.rejects(completed(problem(403, 'forbidden')), EventRefusedError);
    });
  });
});
