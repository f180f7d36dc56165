import assert from 'node:assert/strict';
import { sealContext } from '../../../src/encryption/seal-context.js';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

describe('webhooks', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  beforeEach(async () => void (tenant = await createTenant(api)));
  after(() => api.close());

  const url = 'https://hooks.example.com/irisx';
  const create = (settings: Record<string, unknown>) =>
    tenant.call('POST', '/v1/webhooks', { body: { url, events: ['*'], ...settings } });
  const openSecret = async (id: number, column: 'secret_sealed' | 'previous_secret_sealed' | 'headers_sealed') => {
    const { rows } = await api.pool.query<{ sealed: Buffer }>(
      `select ${column} as sealed from webhooks where id = $1`,
      [id],
    );
    const context = column === 'headers_sealed' ? sealContext.headers(tenant.id) : sealContext.secret(tenant.id);
    return rows[0]?.sealed && api.sealer.open(rows[0].sealed, context);
  };

  it('are registered with defaults, and show their secret only then', async () => {
    const { status, body } = await create({ events: ['sms.sent', 'call.dtmf', 'sms.sent'] });
    assert.equal(status, 201);
    const { id, created_at, updated_at, ...rest } = body.webhook;
    assert.deepEqual(rest, {
      url,
      events: ['sms.sent', 'call.dtmf'],
      description: null,
      headers: {},
      unreadable: [],
      rate_limit_per_minute: 60,
      rate_limit_per_hour: 1000,
      max_retries: 5,
      timeout_ms: 10_000,
      disable_after_hours: 120,
      ordering: 'none',
      batch: null,
      retry_schedule: [1, 2, 4, 8, 16],
      ttl_seconds: null,
      filter: null,
      transform: null,
      template: null,
      fallback_url: null,
      verification: { status: 'none', verified_at: null, last_error: null },
      enabled: true,
      disabled_reason: null,
      disabled_at: null,
      previous_secret_expires_at: null,
      settling_since: null,
      total_deliveries: 0,
      successful_deliveries: 0,
      failed_deliveries: 0,
      expired_deliveries: 0,
      last_success_at: null,
      last_failure_at: null,
      health: { state: 'healthy', since: created_at, consecutive_failures: 0, last_error: null },
    });
    assert.equal(updated_at, created_at);
    assert.match(body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal(await openSecret(id, 'secret_sealed'), body.secret);
    const shown = await tenant.call('GET', `/v1/webhooks/${id}`);
    assert.deepEqual(shown.body.webhook, body.webhook);
    assert.ok(!JSON.stringify(shown.body).includes('whsec_'));
  });

  it('accept every setting, and store the url in normalised form', async () => {
    const settings = {
      description: 'Zażółć\n😀',
      rate_limit_per_minute: null,
      rate_limit_per_hour: 1_000_000,
      max_retries: 0,
      timeout_ms: 30_000,
      disable_after_hours: null,
      enabled: false,
    };
    const { body } = await create({ ...settings, url: 'HTTPS://Hooks.Example.com:443/a b/../ü'.replace(' ', '%20') });
    assert.equal(body.webhook.url, 'https://hooks.example.com/%C3%BC');
    for (const [name, value] of Object.entries(settings)) assert.deepEqual(body.webhook[name], value, name);
  });

  it('keep headers sealed, and mask values that look like secrets', async () => {
    const headers = { Authorization: 'Bearer hidden', 'X-Team': 'billing' };
    const { body } = await create({ headers });
    assert.deepEqual(body.webhook.headers, { Authorization: '[masked]', 'X-Team': 'billing' });
    assert.deepEqual(JSON.parse((await openSecret(body.webhook.id, 'headers_sealed')) ?? ''), headers);
  });

  it('are refused with every wrong field and what was expected, without values that may be secret', async () => {
    const { status, body } = await create({
      url: 7,
      events: ['call.exploded'],
      description: 'x'.repeat(501),
      headers: { Authorization: '[masked]', 'X-Bad': 'a\nb', 'X-Number': 1, Host: 'h', __proto: '' },
      rate_limit_per_minute: 0,
      rate_limit_per_hour: 1_000_001,
      max_retries: 21,
      timeout_ms: 999.5,
      enabled: 'yes',
      secret: 'mine',
    });
    assert.equal(status, 400);
    const messages = Object.fromEntries(
      body.errors.map(({ path, message }: { path: string; message: string }) => [path, message]),
    );
    assert.deepEqual(Object.keys(messages).sort(), [
      'description',
      'enabled',
      'events.0',
      'headers.Authorization',
      'headers.Host',
      'headers.X-Bad',
      'headers.X-Number',
      'max_retries',
      'rate_limit_per_hour',
      'rate_limit_per_minute',
      'secret',
      'timeout_ms',
      'url',
    ]);
    assert.equal(messages['max_retries'], 'expected a whole number from 0 to 20, got 21');
    assert.equal(messages['timeout_ms'], 'expected a whole number from 1000 to 30000, got 999.5');
    assert.match(messages['headers.Authorization'], /send the real value/);
    assert.match(messages['secret'], /expected one of url, events,/);
    assert.ok(!JSON.stringify(body).includes('a\\nb'));
  });

  it('are refused with an empty or invalid list of events, or with invalid headers', async () => {
    for (const events of [[], null, 'call.dtmf', [null]])
      assert.equal((await create({ events })).status, 400, JSON.stringify(events));
    for (const headers of ['x', [], 7]) assert.equal((await create({ headers })).status, 400, JSON.stringify(headers));
    const proto = '{"url":"https://a.example.com","events":["*"],"headers":{"__proto__":1}}';
    const { status } = await tenant.call('POST', '/v1/webhooks', {
      raw: proto,
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(status, 400);
  });

  it('field case 3: are refused with urls that mean an internal address, however they are spelt', async () => {
    const internal = [
      'http://2130706433/',
      'http://017700000001/',
      'http://0x7f.1/',
      'http://127.1/',
      'http://0251.254.169.254/',
      'http://169.254.43518/',
      'http://0/',
      'http://0.1.2.3/',
      'http://100.100.100.200/',
      'http://198.18.0.1/',
      'http://224.0.0.1/',
      'http://255.255.255.255/',
      'http://hooks.example.test@127.0.0.1/',
      'http://hooks.example.test\\@127.0.0.1/',
      'http://user:secret@hooks.example.test/',
      'ftp://hooks.example.test/',
      'javascript:alert(1)',
      'http:hooks.example.test/x',
      'http://hooks.example.test/a\tb',
      'http://hooks.example.test/a\nb',
      '',
      'not a url',
    ];
    const plain = await startApi({ allowHttp: true });
    try {
      const other = await createTenant(plain);
      for (const target of [...internal, ...internal.map((text) => text.replace('http:', 'https:'))]) {
        const { status, body } = await other.call('POST', '/v1/webhooks', { body: { url: target, events: ['*'] } });
        assert.deepEqual([status, body.errors?.[0]?.path], [400, 'url'], target);
        assert.ok(!JSON.stringify(body).includes('user:secret'), target);
      }
      assert.equal((await other.call('GET', '/v1/webhooks')).body.webhooks.length, 0);
      const named = await other.call('POST', '/v1/webhooks', {
        body: { url: 'http://127.0.0.1.nip.io/', events: ['*'] },
      });
      assert.equal(named.status, 201, 'a name is judged by its address, at each attempt');
    } finally {
      await plain.close();
    }
  });

  it('are refused with http:// unless it is allowed, also on a change', async () => {
    assert.equal((await create({ url: 'http://hooks.example.com/' })).status, 400);
    const id = await createWebhook(tenant);
    const { status, body } = await tenant.call('PATCH', `/v1/webhooks/${id}`, {
      body: { url: 'http://hooks.example.com/' },
    });
    assert.deepEqual([status, body.errors[0].path], [400, 'url']);
  });

  it('change only in the fields that are named', async () => {
    const { body: created } = await create({ description: 'before', headers: { 'X-Team': 'billing' }, max_retries: 3 });
    const { id } = created.webhook;
    const { status, body } = await tenant.call('PATCH', `/v1/webhooks/${id}`, {
      body: { description: null, events: ['sms.sent', 'sms.sent'] },
    });
    assert.equal(status, 200);
    const { updated_at, ...rest } = created.webhook;
    assert.deepEqual(body.webhook, {
      ...rest,
      description: null,
      events: ['sms.sent'],
      updated_at: body.webhook.updated_at,
    });
    assert.ok(body.webhook.updated_at > updated_at);
    const cleared = await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: { headers: {} } });
    assert.deepEqual(cleared.body.webhook.headers, {});
  });

  it('need at least one setting for a change', async () => {
    const id = await createWebhook(tenant);
    const { status, body } = await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: {} });
    assert.equal(status, 400);
    assert.match(body.detail, /at least one of url, events/);
    assert.equal((await tenant.call('PATCH', `/v1/webhooks/${id}`)).status, 400);
  });

  it('hold their deliveries when paused, and wake them when resumed, oldest first', async () => {
    const id = await createWebhook(tenant);
    const deliveries = [...(await triggerDtmf(api, tenant)), ...(await triggerDtmf(api, tenant))];
    const woken = api.workflows.woken.length;
    await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: false } });
    const paused = await tenant.call('GET', `/v1/webhooks/${id}`);
    assert.deepEqual([paused.body.statistics.pending_deliveries, paused.body.statistics.held_deliveries], ['0', '2']);
    assert.equal(api.workflows.woken.length, woken);
    await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: true } });
    assert.deepEqual(
      api.workflows.woken.slice(woken).map((delivery) => delivery.id),
      deliveries,
    );
    const resumed = await tenant.call('GET', `/v1/webhooks/${id}`);
    assert.deepEqual([resumed.body.statistics.pending_deliveries, resumed.body.statistics.held_deliveries], ['2', '0']);
  });

  it('show why the service disabled them, until they are enabled again', async () => {
    const id = await createWebhook(tenant);
    const [delivery = ''] = await triggerDtmf(api, tenant);
    await recordAnswer(api, delivery, { statusCode: 410, verdict: 'gone' });
    const gone = (await tenant.call('GET', `/v1/webhooks/${id}`)).body.webhook;
    assert.deepEqual([gone.enabled, gone.disabled_reason], [false, 'the receiver answered 410 Gone']);
    assert.notEqual(gone.disabled_at, null);
    const enabled = (await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: { enabled: true } })).body.webhook;
    assert.deepEqual([enabled.enabled, enabled.disabled_reason, enabled.disabled_at], [true, null, null]);
  });

  it('leave only the history of their deliveries when they are deleted', async () => {
    const id = await createWebhook(tenant);
    const [delivery = ''] = await triggerDtmf(api, tenant);
    assert.equal((await tenant.call('DELETE', `/v1/webhooks/${id}`)).status, 204);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/rotate-secret'],
    ] as const) {
      const body = method === 'PATCH' ? { enabled: true } : undefined;
      assert.equal((await tenant.call(method, `/v1/webhooks/${id}${path}`, { body })).status, 404, method + path);
    }
    assert.deepEqual((await tenant.call('GET', '/v1/webhooks')).body.webhooks, []);
    const listed = await tenant.call('GET', `/v1/webhooks/${id}/deliveries`);
    assert.deepEqual([listed.body.deliveries[0].id, listed.body.deliveries[0].status], [delivery, 'cancelled']);
    assert.equal((await tenant.call('GET', `/v1/webhooks/${id}/deliveries/${delivery}`)).status, 200);
    assert.equal((await tenant.call('POST', `/v1/webhooks/${id}/deliveries/${delivery}/retry`)).status, 409);
  });

  it('can replace their secret and keep the old one for the overlap', async () => {
    const { body: created } = await create({});
    const { id } = created.webhook;
    const before = Date.now();
    const rotated = await tenant.call('POST', `/v1/webhooks/${id}/rotate-secret`, {
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(rotated.status, 200);
    assert.notEqual(rotated.body.secret, created.secret);
    const expiresAt = Date.parse(rotated.body.previous_secret_expires_at);
    assert.ok(expiresAt >= before + 86_400_000 && expiresAt <= Date.now() + 86_400_000);
    assert.equal(await openSecret(id, 'secret_sealed'), rotated.body.secret);
    assert.equal(await openSecret(id, 'previous_secret_sealed'), created.secret);
    const shown = (await tenant.call('GET', `/v1/webhooks/${id}`)).body.webhook;
    assert.equal(shown.previous_secret_expires_at, rotated.body.previous_secret_expires_at);
    await api.pool.query("update webhooks set previous_secret_expires_at = now() - interval '1 s' where id = $1", [id]);
    assert.equal((await tenant.call('GET', `/v1/webhooks/${id}`)).body.webhook.previous_secret_expires_at, null);
  });

  it('drop the old secret immediately with an overlap of 0', async () => {
    const id = await createWebhook(tenant);
    const { body } = await tenant.call('POST', `/v1/webhooks/${id}/rotate-secret`, { body: { overlap_seconds: 0 } });
    assert.equal(body.previous_secret_expires_at, null);
    assert.equal(await openSecret(id, 'previous_secret_sealed'), null);
    const refused = await tenant.call('POST', `/v1/webhooks/${id}/rotate-secret`, {
      body: { overlap_seconds: 604_801 },
    });
    assert.equal(refused.status, 400);
  });

  it('field case 35: have counters that are numbers in the webhook and decimal strings in the statistics', async () => {
    const id = await createWebhook(tenant, { max_retries: 0 });
    const none = (await tenant.call('GET', `/v1/webhooks/${id}`)).body;
    assert.deepEqual(none.statistics, {
      successful_deliveries: '0',
      failed_deliveries: '0',
      expired_deliveries: '0',
      attempts: '0',
      pending_deliveries: '0',
      held_deliveries: '0',
      avg_duration_ms: '0',
    });
    assert.deepEqual([none.webhook.total_deliveries, none.webhook.last_success_at], [0, null]);
    for (let i = 0; i < 13; i += 1) {
      const [delivery = ''] = await triggerDtmf(api, tenant);
      if (i < 10) await recordAnswer(api, delivery, { statusCode: 200, verdict: 'delivered', durationMs: 100 });
      else if (i < 12) await recordAnswer(api, delivery, { statusCode: 500, verdict: 'final', durationMs: 400 });
    }
    const { webhook, statistics } = (await tenant.call('GET', `/v1/webhooks/${id}`)).body;
    assert.deepEqual(statistics, {
      successful_deliveries: '10',
      failed_deliveries: '2',
      expired_deliveries: '0',
      attempts: '12',
      pending_deliveries: '1',
      held_deliveries: '0',
      avg_duration_ms: '150',
    });
    assert.deepEqual([webhook.total_deliveries, webhook.successful_deliveries, webhook.failed_deliveries], [12, 10, 2]);
    assert.ok(webhook.last_success_at !== null && webhook.last_failure_at !== null);
    const log = (await tenant.call('GET', `/v1/webhooks/${id}/deliveries`)).body.deliveries as { status: string }[];
    for (const [status, count] of [
      ['delivered', 10],
      ['failed', 2],
      ['pending', 1],
    ] as const) {
      assert.equal(log.filter((delivery) => delivery.status === status).length, count, status);
    }
    const listed = (await tenant.call('GET', '/v1/webhooks')).body.webhooks[0];
    assert.deepEqual(listed, webhook);
  });

  it('are listed in pages, newest first', async () => {
    const ids: number[] = [];
    for (let i = 0; i < 5; i += 1) ids.unshift(await createWebhook(tenant));
    const first = await tenant.call('GET', '/v1/webhooks?limit=2');
    const second = await tenant.call('GET', `/v1/webhooks?limit=2&cursor=${first.body.next_cursor}`);
    const third = await tenant.call('GET', `/v1/webhooks?limit=2&cursor=${second.body.next_cursor}`);
    const seen = [first, second, third].flatMap(({ body }) => body.webhooks.map(({ id }: { id: number }) => id));
    assert.deepEqual(seen, ids);
    assert.equal(third.body.next_cursor, null);
  });
});
