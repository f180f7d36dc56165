import assert from 'node:assert/strict';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { adminKey, createTenant, startApi, type ApiResponse, type Api, type TestTenant } from './fixture.js';

describe('malformed requests', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
  });
  after(() => api.close());
  afterEach(() => {
    const faults = api.logLines.filter((line) => /request\.failed|request\.rejected_by_database/.test(line));
    assert.deepEqual(faults, [], 'every mistake is caught before Postgres sees it');
  });

  const json = { 'Content-Type': 'application/json' };
  const post = (raw: string | Uint8Array | undefined, headers: Record<string, string> = json): Promise<ApiResponse> =>
    tenant.call('POST', '/v1/webhooks', { ...(raw !== undefined && { raw }), headers });
  const valid = '{"url":"https://a.example.com/","events":["*"]}';

  it('field case 31: get 404 for ids that cannot exist', async () => {
    const ids = [
      'abc',
      '99999999999999999999',
      '2147483648',
      '1e3',
      '-1',
      '0',
      '01',
      '1.0',
      '+1',
      '%201',
      'a%00b',
      '1%00',
      '%ff',
      '..%2f..%2fx',
      // Two dots alone never get here: fetch resolves them.
      '%252e%252e',
      'x'.repeat(5000),
    ];
    for (const id of ids) {
      for (const [method, suffix] of [
        ['GET', ''],
        ['DELETE', ''],
        ['PATCH', ''],
        ['GET', '/deliveries'],
        ['POST', '/test'],
      ] as const) {
        const { status, body } = await tenant.call(
          method,
          `/v1/webhooks/${id}${suffix}`,
          method === 'PATCH' ? { body: { enabled: true } } : {},
        );
        assert.equal(status, 404, `${method} ${id}${suffix}`);
        assert.equal(body.type, 'urn:irisx:problem:not-found');
      }
    }
    const { body } = await tenant.call('POST', '/v1/webhooks', { raw: valid, headers: json });
    for (const id of ['abc', '1', '00000000-0000-0000-0000-00000000000g', '%00', '0'.repeat(32)]) {
      const path = `/v1/webhooks/${body.webhook.id}/deliveries/${id}`;
      assert.equal((await tenant.call('GET', path)).status, 404, path);
      assert.equal((await tenant.call('POST', `${path}/retry`)).status, 404, path);
    }
  });

  it('field case 31: get 400 or 413 for invalid bodies', async () => {
    const twoUrls = '{"url":"https://a.example.test","url":"http://127.0.0.1"}';
    const bodies: [name: string, raw: string | Uint8Array | undefined, status: number][] = [
      ['no body', undefined, 400],
      ['an empty body', '', 400],
      ['[]', '[]', 400],
      ['null', 'null', 400],
      ['a string', '"x"', 400],
      ['5 MB', `{"url":"${'x'.repeat(5 * 1024 * 1024)}"}`, 413],
      ['a name twice', twoUrls, 400],
      [
        'a name twice, the good one last',
        '{"url":"http://127.0.0.1","events":["*"],"url":"https://a.example.com"}',
        400,
      ],
      ['cut off', '{"url":', 400],
      ['a trailing comma', '{"url":"x",}', 400],
      ['no UTF-8', Buffer.from('{"description":"\xe9"}', 'latin1'), 400],
      ['too deep', `{"url":${'['.repeat(5000)}${']'.repeat(5000)}}`, 400],
      ['a number for Infinity', '{"url":"https://a.example.com","events":["*"],"max_retries":1e999}', 400],
    ];
    for (const [name, raw, status] of bodies) {
      const response = await post(raw);
      assert.equal(response.status, status, name);
      assert.ok(response.body.detail.length > 10, name);
    }
  });

  it('field case 31: may have a byte-order mark before the body, which is accepted', async () => {
    assert.equal((await post(`\ufeff${valid}`)).status, 201);
  });

  it('are told where the body stops being JSON, without a quote from it', async () => {
    const where: [raw: string, where: RegExp][] = [
      ['{"url": "https://a.example.com/?token=hidden",\n  "events": ["*"] "x": 1}', /line 2, column 19/],
      ['{"url": "https://a.example.com/?token=hidden", "events": [!]}', /"!" is not possible/],
      ['{"url": "https://a.example.com/?token=hidden", "events":', /ends too early/],
    ];
    for (const [raw, expected] of where) {
      const { body } = await post(raw);
      assert.match(body.detail, expected);
      assert.ok(!body.detail.includes('hidden'));
    }
  });

  it('are told which field is repeated', async () => {
    const { body } = await post('{"url":"https://a.example.com","headers":{"X-A":"1","X\\u002dA":"2"}}');
    assert.equal(body.errors[0].path, 'headers.X-A');
  });

  it('are refused if the content type is not JSON, or the charset is not UTF-8', async () => {
    for (const contentType of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'application/json; charset=utf-16',
      '',
    ]) {
      const { status, body } = await post(valid, { 'Content-Type': contentType });
      assert.equal(status, 400, contentType);
      assert.match(body.detail, /application\/json/);
    }
    for (const contentType of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
      assert.equal((await post(valid, { 'Content-Type': contentType })).status, 201, contentType);
    }
  });

  it('may be compressed, and the size limit counts the unpacked body', async () => {
    const gzip = { ...json, 'Content-Encoding': 'gzip' };
    assert.equal((await post(gzipSync(valid), gzip)).status, 201);
    assert.equal((await post(gzipSync(' '.repeat(20 * 1024 * 1024)), gzip)).status, 413);
    assert.equal((await post(valid, gzip)).status, 400);
    assert.equal((await post(valid, { ...json, 'Content-Encoding': 'rot13' })).status, 400);
  });

  it('are refused for a lone surrogate or NUL in text that Postgres stores', async () => {
    for (const description of ['a\0b', '\ud800']) {
      const { status, body } = await tenant.call('POST', '/v1/webhooks', {
        body: { url: 'https://a.example.com', events: ['*'], description },
      });
      assert.deepEqual([status, body.errors[0].path], [400, 'description']);
    }
  });

  it('get 404 for unknown paths and 405 with Allow for unknown methods', async () => {
    for (const path of [
      '/',
      '/v1',
      '/v1/nothing',
      '/V1/webhooks',
      '/v1/webhooks/1/nothing',
      '/%ff',
      '/v1/%00',
      '/docs/package.json',
      '/docs/..%2fpackage.json',
    ]) {
      assert.equal((await tenant.call('GET', path)).status, 404, path);
    }
    const { status, headers } = await tenant.call('PUT', '/v1/webhooks/1');
    assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD, PATCH, DELETE']);
    assert.equal((await tenant.call('DELETE', '/v1/event-types', {})).headers.get('allow'), 'GET, HEAD');
  });

  it('are told that a list, or text, was expected', async () => {
    const messageFor = async (path: string, key: string, body: object) =>
      (await api.call('POST', path, { key, body })).body.errors[0].message as string;
    const webhook = { url: 'https://a.example.com', events: ['*'] };
    assert.equal(
      await messageFor('/v1/webhooks', tenant.key, { ...webhook, events: 'call.completed' }),
      'expected a list of 1 to 100 event types, like ["call.completed"], got "call.completed"',
    );
    for (const odd of [{ description: 5 }, { url: 5 }])
      assert.match(await messageFor('/v1/webhooks', tenant.key, { ...webhook, ...odd }), /^expected text\b.*, got /);
    const keys = `/v1/tenants/${tenant.id}/api-keys`;
    assert.match(
      await messageFor(keys, adminKey, { name: 'x', scopes: 'admin' }),
      /^expected a list of .*, got "admin"/,
    );
    assert.match(await messageFor('/v1/events/batch', adminKey, { events: 'x' }), /^expected a list of .*, got "x"/);
    const event = { tenant_id: tenant.id, event_type: 'webhook.test', event_id: '1', payload: {} };
    assert.match(await messageFor('/v1/events', adminKey, { ...event, event_id: 5 }), /^expected text of .*, got 5/);
    const dtmf = { call_sid: 5, digit: '5', timestamp: '2025-10-29T12:00:00Z' };
    const message = await messageFor('/v1/events', adminKey, { ...event, event_type: 'call.dtmf', payload: dtmf });
    assert.equal(message, 'expected non-empty text, got 5');
  });

  it('are told about more errors than are listed, and no error lacks its path', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`field_${i}`, i]));
    const bodies = [
      ['POST', { url: 'https://a.example.com', events: ['*'] }],
      ['PATCH', {}],
    ] as const;
    for (const [method, valid] of bodies) {
      const path = method === 'POST' ? '/v1/webhooks' : '/v1/webhooks/1';
      const { body } = await tenant.call(method, path, { body: { ...valid, ...unknown } });
      assert.equal(body.errors.length, 20);
      for (const error of body.errors) assert.match(error.path, /^field_/);
      assert.match(body.detail, / 1[01] more are wrong\.$/);
    }
  });

  it('get 404 with the id that they asked for, cut if it is long', async () => {
    const missing = '00000000-0000-7000-8000-000000000000';
    const detailOf = async (path: string) => (await tenant.call('GET', path)).body.detail as string;
    assert.match(await detailOf('/v1/webhooks/2147483647'), /^There is no webhook 2147483647; /);
    assert.match(await detailOf('/v1/webhooks/abc'), /^There is no webhook "abc"; /);
    assert.match(await detailOf(`/v1/webhooks/${'x'.repeat(5000)}`), /^There is no webhook "x{78}…; /);
    assert.match(await detailOf(`/v1/events/${missing}`), new RegExp(`^There is no event "${missing}"; `));
    const { body } = await post(valid);
    const path = `/v1/webhooks/${body.webhook.id}/deliveries/${missing}`;
    assert.match(await detailOf(path), new RegExp(`^There is no delivery "${missing}"; `));
  });

  it('are told to escape the + of a time in the query', async () => {
    const { status, body } = await tenant.call('GET', '/v1/deliveries?since=2025-10-29T12:00:00+02:00');
    assert.deepEqual([status, body.errors[0].path], [400, 'since']);
    assert.match(body.errors[0].message, /%2B.*"2025-10-29T12:00:00 02:00"/);
    assert.equal((await tenant.call('GET', '/v1/deliveries?since=2025-10-29T12:00:00%2B02:00')).status, 200);
  });

  it('are refused for query parameters where there are none', async () => {
    const { status, body } = await tenant.call('GET', '/v1/webhooks/1?verbose=1');
    assert.deepEqual([status, body.errors[0].path], [400, 'verbose']);
  });

  it('get a request id like every response, their own one if it is valid', async () => {
    const made = await tenant.call('GET', '/v1/webhooks');
    assert.match(made.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    const given = await api.call('GET', '/nothing', { headers: { 'X-Request-Id': 'trace:42/a' } });
    assert.equal(given.headers.get('x-request-id'), 'trace:42/a');
    for (const odd of ['a b', 'x'.repeat(129), '"}']) {
      const { headers } = await api.call('GET', '/healthz', { headers: { 'X-Request-Id': odd } });
      assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    }
  });

  it('get responses that forbid caching and sniffing, and do not name the software', async () => {
    const { headers } = await tenant.call('GET', '/v1/webhooks');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-powered-by'), null);
  });

  it('with an endless body of unknown length are answered as soon as the body is too large', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${api.url}/v1/webhooks`, {
        method: 'POST',
        headers: { ...json, Authorization: `Bearer ${tenant.key}` },
      });
      sent.on('response', (response) => resolve(response.resume().statusCode));
      sent.on('error', reject);
      for (let i = 0; i < 3; i += 1) sent.write(' '.repeat(1024 * 1024));
      sent.end();
    });
    assert.equal(status, 413);
  });
});
