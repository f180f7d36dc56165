import assert from 'node:assert/strict';
import { waitFor } from '../../support/wait-for.js';
import { enterPortal, type Portal } from './browser.js';
import { createTenant, startApi, type Api } from './fixture.js';

describe('calls of one API key', () => {
  let api: Api;
  before(async () => {
    api = await startApi({ callsPerMinute: 3 });
  });
  after(() => api.close());

  it('are refused beyond the limit with Retry-After, and calls of other keys are not', async () => {
    for (let i = 0; i < 3; i++) assert.equal((await api.call('GET', '/v1/tenants')).status, 200);
    const refused = await api.call('GET', '/v1/tenants');
    assert.equal(refused.status, 429);
    assert.match(refused.body.type, /too-many-requests$/);
    const seconds = Number(refused.headers.get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`);
    assert.equal((await api.call('GET', '/v1/tenants', { key: 'another' })).status, 401);
  });

  it('that trigger events are never refused: the event would be lost', async () => {
    for (let i = 0; i < 6; i++) assert.equal((await api.call('POST', '/v1/events', { body: {} })).status, 400);
  });

  it('are counted together, however the header is spelt', async () => {
    const unlimited = await startApi({ databaseUrl: api.databaseUrl });
    const { key } = await createTenant(unlimited);
    await unlimited.close();
    const get = (authorization: string) =>
      api.call('GET', '/v1/webhooks', { key: null, headers: { Authorization: authorization } });
    const spellings = [`Bearer ${key}`, `bearer ${key}`, `Bearer   ${key}`, `BEARER      ${key}`, `beareR ${key}`];
    const statuses: number[] = [];
    for (const spelling of [...spellings, ...spellings]) statuses.push((await get(spelling)).status);
    assert.equal(
      statuses.filter((status) => status === 200).length,
      4,
      'the first one is counted where the key is looked up',
    );
    assert.equal(statuses.at(-1), 429);
  });

  it('that is unknown, or without a key, are counted by address, including triggers', async () => {
    const restarted = await startApi({ callsPerMinute: 3, databaseUrl: api.databaseUrl });
    try {
      const statuses: number[] = [];
      for (const key of ['a', 'b', null, 'c', 'd'])
        statuses.push((await restarted.call('POST', '/v1/events', { key, body: {} })).status);
      assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
      assert.equal((await restarted.call('POST', '/v1/events', { body: {} })).status, 400);
    } finally {
      await restarted.close();
    }
  });

  it('are limited by session in the same way, triggers too, and another session of the address is not affected', async () => {
    const unlimited = await startApi({ databaseUrl: api.databaseUrl });
    const [first, second] = await Promise.all(
      [1, 2].map(async () => enterPortal(unlimited, (await createTenant(unlimited)).id)),
    );
    await unlimited.close();
    const restarted = await startApi({ callsPerMinute: 3, databaseUrl: api.databaseUrl });
    try {
      const statusOf = async ({ browser, csrfToken }: Portal, path = '/v1/webhooks', method = 'GET') => {
        const headers = { Cookie: browser.cookieHeader, 'X-IRISX-Session': csrfToken };
        return (await restarted.call(method, path, { key: null, headers })).status;
      };
      const statuses: number[] = [];
      for (let i = 0; i < 5; i += 1) statuses.push(await statusOf(first!));
      assert.deepEqual(statuses, [200, 200, 200, 200, 429], 'the first one is counted where the session is looked up');
      assert.equal(await statusOf(first!, '/v1/events', 'POST'), 429);
      assert.equal(await statusOf(second!), 200);
    } finally {
      await restarted.close();
    }
  });

  it("that is unknown are counted by the address that a trusted proxy names, else by the peer's", async () => {
    const from = async (trustedProxies: string[]) => {
      const behind = await startApi({ callsPerMinute: 1, databaseUrl: api.databaseUrl, trustedProxies });
      try {
        const statuses: number[] = [];
        for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.2'])
          statuses.push(
            (await behind.call('GET', '/v1/tenants', { key: null, headers: { 'X-Forwarded-For': client } })).status,
          );
        return statuses;
      } finally {
        await behind.close();
      }
    };
    assert.deepEqual(await from(['127.0.0.0/8']), [401, 401, 429]);
    assert.deepEqual(await from([]), [401, 429, 429]);
  });
});

describe('GET /readyz', () => {
  it('queries Postgres once for simultaneous calls', async () => {
    let queries = 0;
    const api = await startApi({ hasPendingMigrations: async () => ((queries += 1), false) });
    try {
      const responses = await Promise.all(Array.from({ length: 50 }, () => api.call('GET', '/readyz', { key: null })));
      assert.ok(responses.every(({ status }) => status === 200));
      // On a slow machine the fifty calls take longer than the second for which a result is cached.
      assert.ok(queries <= 5, `${queries} looks`);
      const before = queries;
      await waitFor(
        async () => {
          await api.call('GET', '/readyz', { key: null });
          return queries > before;
        },
        { what: 'another look' },
      );
    } finally {
      await api.close();
    }
  });
});
