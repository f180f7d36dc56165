import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { DatabaseUnavailableError } from '../../../src/db/database.js';
import { Browser, enterPortal } from './browser.js';
import { adminKey, createTenant, createWebhook, startApi, triggerDtmf, type Api } from './fixture.js';

describe('the API while Postgres is away', () => {
  let api: Api;
  before(async () => {
    const unavailable = () => Promise.reject(new DatabaseUnavailableError('away'));
    api = await startApi({
      databaseUrl: `postgres://nobody:hidden@127.0.0.1:${await closedPort()}/nothing`,
      hasPendingMigrations: unavailable,
    });
  });
  after(() => api.close());

  it('field case 63: answers 503 with Retry-After to every call that needs it', async () => {
    const tenantKey = `irisx_${'A'.repeat(43)}`;
    const event = {
      tenant_id: '00000000-0000-7000-8000-000000000000',
      event_type: 'call.dtmf',
      event_id: '1',
      payload: { call_sid: 'c', digit: '1', timestamp: '2025-10-29T12:00:00Z' },
    };
    for (const [method, path, key, body] of [
      ['GET', '/v1/tenants', adminKey, undefined],
      ['POST', '/v1/tenants', adminKey, { name: 'x' }],
      ['POST', '/v1/events', adminKey, event],
      ['GET', '/v1/webhooks', tenantKey, undefined],
      ['POST', '/v1/webhooks', tenantKey, { url: 'https://a.example.com', events: ['*'] }],
    ] as const) {
      const response = await api.call(method, path, { key, body });
      assert.equal(response.status, 503, `${method} ${path}`);
      assert.match(response.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      assert.ok(!JSON.stringify(response.body).includes('hidden'));
    }
    assert.ok(!api.logLines.join('').includes('hidden'));
  });

  it('answers each event of a batch with 503, and stops trying after the first failure', async () => {
    const event = {
      tenant_id: '00000000-0000-7000-8000-000000000000',
      event_type: 'webhook.test',
      payload: { message: 'x' },
    };
    const events = Array.from({ length: 100 }, (_, index) => ({ ...event, event_id: String(index) }));
    const { status, body } = await api.call('POST', '/v1/events/batch', { body: { events } });
    assert.equal(status, 200);
    assert.equal(body.results.length, 100);
    for (const result of body.results)
      assert.deepEqual([result.status, result.error.status, result.retry_after], [503, 503, 5]);
    assert.equal(api.logLines.filter((line) => line.includes('"index":')).length, 1);
  });

  it('is alive, and says that it is not ready', async () => {
    const health = await api.call('GET', '/healthz', { key: null });
    assert.deepEqual([health.status, health.body], [200, { status: 'ok' }]);
    const ready = await api.call('GET', '/readyz', { key: null });
    assert.equal(ready.status, 503);
    assert.deepEqual(ready.body, {
      status: 'unready',
      postgres: 'down',
      migrations: 'unknown',
      encryption: 'unknown',
      temporal: 'up',
      temporal_problems: [],
    });
  });
});

describe('the API when its connections are cut', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

  it('field case 63: answers the next requests as if nothing had happened', async () => {
    const tenant = await createTenant(api);
    await createWebhook(tenant);
    const { rowCount } = await api.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'irisx-webhooks'`,
    );
    assert.ok((rowCount ?? 0) > 0);
    // The pool may hand out a connection before it sees that it is closed; that request may get a 503.
    const first = await tenant.call('GET', '/v1/webhooks');
    assert.ok(first.status === 200 || first.status === 503);
    assert.equal((await triggerDtmf(api, tenant)).length, 1);
    assert.equal((await tenant.call('GET', '/v1/webhooks')).status, 200);
  });
});

describe('/readyz', () => {
  it('is ready without Temporal, and reports that it is down', async () => {
    const api = await startApi({ isTemporalReachable: () => Promise.reject(new Error('away')) });
    try {
      const { status, body } = await api.call('GET', '/readyz', { key: null });
      assert.deepEqual(
        [status, body],
        [
          200,
          {
            status: 'ready',
            postgres: 'up',
            migrations: 'current',
            encryption: 'current',
            temporal: 'down',
            temporal_problems: [],
          },
        ],
      );
    } finally {
      await api.close();
    }
  });

  it('is not ready while a migration is pending, and does not wait for a Temporal that hangs', async () => {
    const api = await startApi({
      hasPendingMigrations: () => Promise.resolve(true),
      isTemporalReachable: () => new Promise<boolean>(() => {}),
    });
    try {
      const { status, body } = await api.call('GET', '/readyz', { key: null });
      assert.deepEqual(
        [status, body],
        [
          503,
          {
            status: 'unready',
            postgres: 'up',
            migrations: 'pending',
            encryption: 'unknown',
            temporal: 'down',
            temporal_problems: [],
          },
        ],
      );
    } finally {
      await api.close();
    }
  });
});

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the API while Postgres accepts no writes', () => {
  let writable: Api;
  let api: Api;
  before(async () => {
    writable = await startApi();
    const url = new URL(writable.databaseUrl);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    api = await startApi({ databaseUrl: url.href });
  });
  after(async () => {
    await api.close();
    await writable.close();
  });

  it('field case 80: answers reads to a key and a session, although it cannot record that they were used', async () => {
    const tenant = await createTenant(writable);
    const webhookId = await createWebhook(tenant);
    const portal = await enterPortal(writable, tenant.id);
    await writable.pool.query('update api_keys set last_used_at = null');
    await writable.pool.query('update browser_sessions set last_used_at = null');
    const browser = new Browser(api);
    for (const [name, value] of portal.browser.cookies) browser.cookies.set(name, value);
    const answers = [
      await api.call('GET', '/v1/webhooks', { key: tenant.key }),
      await browser.call(portal.csrfToken, 'GET', '/v1/webhooks'),
    ];
    for (const { status, body } of answers) {
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(
        body.webhooks.map(({ id }: { id: number }) => id),
        [webhookId],
      );
    }
    assert.equal((await api.call('DELETE', `/v1/webhooks/${webhookId}`, { key: tenant.key })).status, 503);
  });
});
