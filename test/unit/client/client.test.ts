import assert from 'node:assert/strict';
import { ApiError, createClient, unwrap, type WebhooksClientOptions } from '../../../src/client/index.js';
import { startReceiver, type Receiver, type StubResponse } from '../../support/receiver.js';

describe('the client', () => {
  let api: Receiver;
  before(async () => void (api = await startReceiver()));
  beforeEach(() => void api.requests.splice(0));
  after(() => api.close());

  const json = (status: number, body: object, headers: Record<string, string> = {}): StubResponse => ({
    status,
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'request-1', ...headers },
    body: JSON.stringify(body),
  });
  const problem = (status: number, headers: Record<string, string> = {}) =>
    json(status, { type: 'urn:irisx:problem:x', title: 'x', status, detail: `This is ${status}.` }, headers);
  const client = (options: Partial<WebhooksClientOptions> = {}) =>
    createClient({ url: api.url, apiKey: 'irisx_key', ...options });
  const calls = () => api.requests.map(({ method, path }) => `${method} ${path}`);

  const event = { tenant_id: 'tenant-1', event_type: 'call.dtmf' as const, event_id: 'event-1', payload: {} };
  const newWebhook = { url: 'https://example.com/', events: ['*' as const] };

  it('calls by path, with the key, and resolves to the data', async () => {
    api.respond = json(200, { webhooks: [], next_cursor: null });
    const page = unwrap(await client().GET('/v1/webhooks', { params: { query: { limit: 5 } } }));
    assert.deepEqual(page.webhooks, []);
    assert.deepEqual(calls(), ['GET /v1/webhooks?limit=5']);
    assert.equal(api.requests[0]?.headers.authorization, 'Bearer irisx_key');
  });

  it('resolves to the problem document of a refusal, or throws it as ApiError', async () => {
    const errors = [{ path: 'url', message: 'must be https' }];
    api.respond = json(400, {
      type: 'urn:irisx:problem:invalid-input',
      status: 400,
      title: 'x',
      detail: 'No.',
      errors,
    });
    const result = await client().POST('/v1/webhooks', { body: newWebhook });
    assert.equal(result.error?.detail, 'No.');
    assert.throws(
      () => unwrap(result),
      (error: ApiError) => {
        assert.ok(error instanceof ApiError);
        assert.equal(error.message, 'No.\nurl: must be https');
        assert.deepEqual(
          [error.status, error.type, error.errors, error.requestId],
          [400, 'urn:irisx:problem:invalid-input', errors, 'request-1'],
        );
        return true;
      },
    );
  });

  describe('tries again', () => {
    it('reading calls and events, after what is temporary', async () => {
      api.respond = [problem(503), problem(502), json(200, { webhooks: [], next_cursor: null })];
      unwrap(await client().GET('/v1/webhooks'));
      assert.equal(calls().length, 3);
      api.respond = [problem(503), json(201, { event: {}, deliveries: [] })];
      unwrap(await client().POST('/v1/events', { body: event }));
      api.respond = [problem(503), json(200, { results: [] })];
      unwrap(await client().POST('/v1/events/batch', { body: { events: [event] } }));
      const bodies = api.requests.slice(3).map(({ body }) => body.toString());
      assert.deepEqual(
        bodies,
        [event, event, { events: [event] }, { events: [event] }].map((body) => JSON.stringify(body)),
      );
    });

    it('after a connection that breaks', async () => {
      api.respond = (_request, response, index) => {
        if (index > 0) return json(200, { webhooks: [], next_cursor: null });
        response.socket?.destroy();
      };
      unwrap(await client().GET('/v1/webhooks'));
      assert.equal(calls().length, 2);
    });

    it('after a connection that breaks in the middle of the answer', async () => {
      api.respond = (_request, response, index) => {
        if (index > 0) return json(200, { webhooks: [], next_cursor: null });
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' });
        response.write('{"webhooks": [', () => response.destroy());
      };
      unwrap(await client().GET('/v1/webhooks'));
      assert.equal(calls().length, 2);
    });

    it('every call after a 429, and calls with an Idempotency-Key', async () => {
      api.respond = [problem(429, { 'Retry-After': '0' }), json(201, { webhook: {}, secret: 's' })];
      unwrap(await client().POST('/v1/webhooks', { body: newWebhook }));
      assert.equal(calls().length, 2);
      api.respond = [problem(503), json(202, { message: {} })];
      const params = { header: { 'Idempotency-Key': 'once' } };
      unwrap(
        await client().POST('/v1/messages', { params, body: { to: '+15551234567', from: '+15559876543', body: 'Hi' } }),
      );
      assert.equal(calls().length, 4);
    });

    it('not what may have been carried out, nor what is refused', async () => {
      for (const status of [503, 500]) {
        api.requests.splice(0);
        api.respond = problem(status);
        assert.equal((await client().POST('/v1/webhooks', { body: newWebhook })).response.status, status);
        assert.equal(calls().length, 1);
      }
      api.respond = problem(404);
      assert.equal((await client().GET('/v1/webhooks')).response.status, 404);
      assert.equal(calls().length, 2);
    });

    it('not before Retry-After, and not after the deadline', async () => {
      api.respond = problem(503, { 'Retry-After': '60' });
      const { error } = await client().GET('/v1/webhooks');
      assert.equal(error?.detail, 'This is 503.');
      assert.equal(calls().length, 1);
      api.respond = problem(503);
      await client({ deadlineMs: 300 }).GET('/v1/webhooks');
      assert.ok(calls().length < 10);
    });
  });

  describe('throws ApiError without a status', () => {
    const failure = (promise: Promise<unknown>, message: RegExp) =>
      assert.rejects(promise, (error: ApiError) => {
        assert.ok(error instanceof ApiError);
        assert.equal(error.status, null);
        assert.match(error.message, message);
        return true;
      });

    it('when the API cannot be reached, or does not answer in time', async () => {
      const away = client({ url: 'http://127.0.0.1:9', deadlineMs: 100 });
      await failure(away.GET('/v1/webhooks'), /^http:\/\/127\.0\.0\.1:9 cannot be reached\.$/);
      api.respond = { delayMs: 400 };
      const late = client({ timeoutMs: 50, deadlineMs: 100 });
      await failure(late.GET('/v1/webhooks'), /did not answer within \d+ ms/);
    });

    it('when the answer breaks off or does not go on, which leaves open whether a change was made', async () => {
      for (const [status, isCut] of [
        [201, true],
        [503, true],
        [201, false],
      ] as const) {
        api.requests.splice(0);
        api.respond = (_request, response) => {
          response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': '100' });
          response.write('{"webhook": ', () => isCut && response.destroy());
        };
        const made = client({ timeoutMs: 100 }).POST('/v1/webhooks', { body: newWebhook });
        await failure(made, isCut ? /cut the connection in the middle of its answer/ : /did not answer within 100 ms/);
        assert.equal(calls().length, 1);
      }
    });

    it('when something else answers', async () => {
      const answers = { 'text/html': ['<h1>Hello</h1>'], 'application/json': ['{"webhooks": [', 'null', '"ok"', ''] };
      for (const [type, bodies] of Object.entries(answers))
        for (const body of bodies) {
          api.respond = { status: 200, headers: { 'Content-Type': type }, body };
          await failure(client().GET('/v1/webhooks'), /answered 200 without JSON; is this the API\?/);
        }
    });
  });

  it('follows no redirect, which could carry the key away', async () => {
    api.respond = { status: 302, headers: { Location: `${api.url}/elsewhere` } };
    const result = await client().GET('/v1/webhooks');
    assert.throws(() => unwrap(result), /answered 302/);
    assert.deepEqual(calls(), ['GET /v1/webhooks']);
  });

  it('ends when its signal is aborted, also while it waits to try again', async () => {
    const stop = new AbortController();
    api.respond = (_request, _response) => {
      setImmediate(() => stop.abort(new Error('stopped')));
      return problem(503, { 'Retry-After': '20' });
    };
    await assert.rejects(client().GET('/v1/webhooks', { signal: stop.signal }), /^Error: stopped$/);
    assert.equal(calls().length, 1);
  });

  it('refuses options that cannot work', () => {
    for (const options of [{ url: 'ftp://a' }, { url: 'http://user:pass@a' }, { apiKey: 'a b' }, { timeoutMs: 0 }])
      assert.throws(() => client(options), TypeError);
  });

  describe('lists', () => {
    it('yield all rows, and ask for a page when it is needed', async () => {
      api.respond = [
        json(200, { deliveries: [{ id: 'a' }, { id: 'b' }], next_cursor: 'cursor-1' }),
        json(200, { deliveries: [{ id: 'c' }], next_cursor: null }),
      ];
      const ids: string[] = [];
      const params = { path: { webhook_id: 7 }, query: { status: 'failed' as const } };
      for await (const delivery of client().list('/v1/webhooks/{webhook_id}/deliveries', { params })) {
        ids.push(delivery.id);
        assert.equal(calls().length, ids.length < 3 ? 1 : 2);
      }
      assert.deepEqual(ids, ['a', 'b', 'c']);
      assert.deepEqual(calls(), [
        'GET /v1/webhooks/7/deliveries?status=failed',
        'GET /v1/webhooks/7/deliveries?status=failed&cursor=cursor-1',
      ]);
    });

    it('throw what the API refuses', async () => {
      api.respond = problem(403);
      await assert.rejects(client().list('/v1/events').next(), ApiError);
    });
  });
});
