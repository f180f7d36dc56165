import assert from 'node:assert/strict';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

describe("the operators' calls", () => {
  let api: Api;
  let tenant: TestTenant;
  let webhook: number;
  let isReachable: boolean;
  before(async () => {
    api = await startApi({
      isTemporalReachable: () => Promise.resolve(isReachable),
      temporalProblems: () => [{ what: 'The Schedule q-sweep is paused', remedy: 'temporal schedule toggle' }],
      sweepState: () => ({ lastRunAt: new Date('2025-10-29T12:00:00Z'), isRunning: false, isPaused: true }),
    });
  });
  after(() => api.close());
  beforeEach(async () => {
    isReachable = true;
    await api.pool.query('truncate tenants, sender_processes cascade');
    tenant = await createTenant(api);
    webhook = await createWebhook(tenant);
  });

  const get = async (path: string): Promise<Json> => {
    const { status, body } = await api.call('GET', `/v1/platform/${path}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const named = async (name: string, externalId: string | null = null): Promise<string> =>
    (await api.call('POST', '/v1/tenants', { body: { name, external_id: externalId } })).body.tenant.id;

  describe('tenants', () => {
    const ids = async (query: string): Promise<string[]> =>
      (await get(`tenants${query}`)).tenants.map(({ id }: { id: string }) => id);

    it('have their webhooks, what waits, and what happened in the last day', async () => {
      const failing = await createWebhook(tenant);
      const gone = await createWebhook(tenant);
      const deleted = await createWebhook(tenant);
      await tenant.call('DELETE', `/v1/webhooks/${deleted}`);
      const [first = ''] = await triggerDtmf(api, tenant);
      await triggerDtmf(api, tenant);
      await api.pool.query(`update webhook_deliveries set pending_since = '2025-10-29T12:00:00Z' where id = $1`, [
        first,
      ]);
      await api.pool.query(
        `insert into webhook_health (webhook_id, state, since) values ($1, 'failing', now()), ($2, 'disabled', now())`,
        [failing, gone],
      );
      await api.pool.query(
        `insert into webhook_statistics (tenant_id, webhook_id, unit, start, events, delivered, failed, expired, outcomes)
         select $1, case when n > 0 then $2::integer end, unit, date_trunc('hour', now()) - hours * interval '1 hour', 5, 4, 3, 2, '{4,0,0,2}'
           from (values (0, 'hour', 0), (0, 'hour', 23), (0, 'hour', 24), (0, 'minute', 0), (0, 'day', 0), (1, 'hour', 0)) s (n, unit, hours)`,
        [tenant.id, webhook],
      );
      const [overview] = (await get('tenants')).tenants;
      const { created_at: createdAt, ...others } = overview;
      assert.ok(createdAt);
      assert.deepEqual(others, {
        id: tenant.id,
        name: 'Acme',
        external_id: null,
        webhooks: 3,
        failing_webhooks: 1,
        disabled_webhooks: 1,
        pending_deliveries: 6,
        oldest_pending_at: '2025-10-29T12:00:00.000Z',
        last_24_hours: { events: 10, delivered: 8, failed: 6, expired: 4, attempts: 12 },
      });
    });

    it('are listed newest first, in pages, with zeros for one that has nothing', async () => {
      const others = [await named('B'), await named('C')].reverse();
      const { tenants, next_cursor: cursor } = await get('tenants?limit=2');
      assert.deepEqual(
        tenants.map(({ id }: { id: string }) => id),
        others,
      );
      assert.deepEqual(
        [tenants[0].webhooks, tenants[0].pending_deliveries, tenants[0].oldest_pending_at],
        [0, 0, null],
      );
      assert.deepEqual(tenants[0].last_24_hours, { events: 0, delivered: 0, failed: 0, expired: 0, attempts: 0 });
      const last = await get(`tenants?limit=2&cursor=${cursor}`);
      assert.deepEqual([last.tenants.map(({ id }: { id: string }) => id), last.next_cursor], [[tenant.id], null]);
      assert.equal((await api.call('GET', '/v1/platform/tenants?cursor=x')).status, 400);
    });

    it('are found by a part of their name in any case, by their id and by their external id', async () => {
      const cafe = await named('Café 42');
      const ltd = await named('50%_off Ltd', '42');
      assert.deepEqual(await ids('?q=CAF%C3%89'), [cafe]);
      assert.deepEqual(await ids('?q=50%25_o'), [ltd]);
      assert.deepEqual(await ids('?q=%25%25'), []);
      assert.deepEqual(await ids('?q=42'), [ltd, cafe], 'the one that is called so comes first');
      assert.deepEqual(await ids(`?q=${tenant.id.toUpperCase()}`), [tenant.id]);
      assert.deepEqual(await ids('?q=Acme'), [tenant.id]);
      await api.call('DELETE', `/v1/tenants/${cafe}?confirm=Caf%C3%A9%2042`);
      assert.deepEqual(await ids('?q=caf'), []);
      assert.deepEqual(await ids(`?q=${cafe}`), []);
    });
  });

  describe('receivers', () => {
    it('in trouble are listed, those of all tenants, longest in trouble first', async () => {
      const other = await createTenant(api);
      const [failing, disabled, healthy, deleted] = [
        webhook,
        await createWebhook(other, { url: 'https://gone.example.com' }),
        await createWebhook(other),
        await createWebhook(tenant),
      ];
      await triggerDtmf(api, tenant);
      const [delivery = ''] = await triggerDtmf(api, tenant);
      await recordAnswer(api, delivery, { statusCode: 500, verdict: 'final' });
      await api.pool.query('delete from webhook_health where webhook_id <> $1', [failing]);
      await api.pool.query(
        `insert into webhook_health (webhook_id, state, since)
         values ($1, 'failing', '2025-10-29T12:00:00.000001Z'), ($2, 'disabled', '2025-10-28T12:00:00Z'), ($3, 'healthy', now()),
                ($4, 'failing', '2025-10-27T12:00:00Z')
         on conflict (webhook_id) do update set state = excluded.state, since = excluded.since`,
        [failing, disabled, healthy, deleted],
      );
      await tenant.call('DELETE', `/v1/webhooks/${deleted}`);
      const all = await get('receivers');
      assert.deepEqual(all, {
        receivers: [
          {
            tenant: { id: other.id, name: 'Acme' },
            webhook_id: disabled,
            url: 'https://gone.example.com/',
            state: 'disabled',
            since: '2025-10-28T12:00:00.000Z',
            consecutive_failures: 0,
            last_error: null,
            pending_deliveries: 0,
          },
          {
            tenant: { id: tenant.id, name: 'Acme' },
            webhook_id: failing,
            url: 'https://hooks.example.com/irisx',
            state: 'failing',
            since: '2025-10-29T12:00:00.000Z',
            consecutive_failures: 1,
            last_error: 'the receiver answered 500',
            pending_deliveries: 1,
          },
        ],
        next_cursor: null,
      });
      const webhooks = (list: Json) => list.receivers.map((one: Json) => one.webhook_id as number);
      assert.deepEqual(webhooks(await get('receivers?state=failing')), [failing]);
      assert.deepEqual(webhooks(await get('receivers?state=disabled')), [disabled]);
      assert.equal((await api.call('GET', '/v1/platform/receivers?state=healthy')).status, 400);
      const first = await get('receivers?limit=1');
      assert.deepEqual(webhooks(first), [disabled]);
      const second = await get(`receivers?limit=1&cursor=${first.next_cursor}`);
      assert.deepEqual([webhooks(second), second.next_cursor], [[failing], null]);
    });

    it('of the same microsecond are all in the pages, and another cursor is refused', async () => {
      const others = [webhook, ...(await Promise.all([1, 2, 3, 4].map(() => createWebhook(tenant))))].sort(
        (a, b) => a - b,
      );
      await api.pool.query(
        `insert into webhook_health (webhook_id, state, since)
         select id, (array['failing', 'disabled'])[1 + id % 2], '2025-10-29T12:00:00.123457Z' from webhooks`,
      );
      const seen: number[] = [];
      let cursor: string | null = null;
      do {
        const page: Json = await get(`receivers?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
        seen.push(...page.receivers.map((one: Json) => one.webhook_id as number));
        cursor = page.next_cursor as string | null;
      } while (cursor);
      assert.deepEqual(seen, others);
      for (const text of ['after:1', 'after:1.x', 'after:1.2.3', 'after:-1.2', 'after:99999999999999999.1']) {
        const bad = Buffer.from(text).toString('base64url');
        assert.equal((await api.call('GET', `/v1/platform/receivers?cursor=${bad}`)).status, 400, text);
      }
    });
  });

  describe('the search', () => {
    const find = async (q: string): Promise<[type: string, id: string][]> =>
      (await get(`search?q=${encodeURIComponent(q)}`)).results.map(({ type, id }: Json) => [type, id]);

    it('finds what has exactly that id, whosever it is', async () => {
      const [delivery = ''] = await triggerDtmf(api, tenant, 'their-own-id');
      const { id: event } = (await tenant.call('GET', '/v1/events')).body.events[0];
      const { results } = await get(`search?q=${delivery}`);
      const { created_at: createdAt, ...result } = results[0];
      assert.ok(createdAt);
      assert.deepEqual(result, {
        type: 'delivery',
        id: delivery,
        tenant: { id: tenant.id, name: 'Acme' },
        webhook_id: webhook,
        title: 'call.dtmf their-own-id',
      });
      assert.deepEqual(await find(event as string), [['event', event]]);
      assert.deepEqual(await find('their-own-id'), [['event', event]]);
      assert.deepEqual(await find(` ${tenant.id.toUpperCase()} `), [['tenant', tenant.id]]);
      assert.deepEqual(await find(String(webhook)), [['webhook', String(webhook)]]);
      for (const nothing of [
        'their-own',
        'x',
        '2147483648',
        '99999999999',
        '0',
        '00000000-0000-7000-8000-000000000000',
      ])
        assert.deepEqual(await find(nothing), [], nothing);
    });

    it("finds the beginning of a tenant's name, or of a url with or without https://", async () => {
      const shop = await createWebhook(tenant, { url: 'https://Shop.example.com/In_coming' });
      const other = await createWebhook(tenant, { url: 'https://shop.example.org' });
      const both = [
        ['webhook', String(shop)],
        ['webhook', String(other)],
      ];
      assert.deepEqual(await find('shop.EXAMPLE.'), both);
      assert.deepEqual(await find('https://shop.example.'), both);
      assert.deepEqual(await find('shop.example.com/in_'), [['webhook', String(shop)]]);
      for (const nothing of ['example.com', 'shop_example.com', 'shop%', 'shop.example.com/in_c%'])
        assert.deepEqual(await find(nothing), [], nothing);
      assert.deepEqual(await find('ac'), [['tenant', tenant.id]]);
      assert.deepEqual(await find('cme'), []);
      assert.equal((await api.call('GET', '/v1/platform/search?q=')).status, 400);
      assert.equal((await api.call('GET', '/v1/platform/search')).status, 400);
      await tenant.call('DELETE', `/v1/webhooks/${other}`);
      assert.deepEqual(await find('shop'), [['webhook', String(shop)]]);
      assert.deepEqual(await find(String(other)), [['webhook', String(other)]], 'its deliveries may be wanted');
    });

    it('finds 20 of each type at most, and a tenant once', async () => {
      await api.pool.query(
        `insert into tenants (name, external_id) select 'x' || n, 'ext' || n from generate_series(1, 25) n`,
      );
      await api.pool.query(
        `insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body) select id, 'call.dtmf', 'x', now(), '{}' from tenants`,
      );
      const found = await find('x');
      assert.deepEqual(
        ['tenant', 'event'].map((kind) => found.filter(([type]) => type === kind).length),
        [20, 20],
      );
      await api.pool.query("update tenants set external_id = 'x7' where name = 'x7'");
      assert.equal((await find('x7')).length, 1);
    });

    it('finds nothing of a tenant that was deleted', async () => {
      const [delivery = ''] = await triggerDtmf(api, tenant, 'their-own-id');
      await api.call('DELETE', `/v1/tenants/${tenant.id}?confirm=Acme`);
      for (const q of [delivery, 'their-own-id', tenant.id, 'Acme', String(webhook), 'hooks.example.com'])
        assert.deepEqual(await find(q), [], q);
    });
  });

  describe('the state', () => {
    /** Not the one that was read less than a second ago. */
    const state = async (): Promise<Json> => {
      const fresh = await startApi({ databaseUrl: api.databaseUrl, sweepState: () => null });
      try {
        return (await fresh.call('GET', '/v1/platform/state')).body.state;
      } finally {
        await fresh.close();
      }
    };

    it('counts what waits, and says who sends', async () => {
      const ordered = await createWebhook(tenant, { ordering: 'key' });
      for (let i = 0; i < 3; i++) await triggerDtmf(api, tenant);
      await api.pool.query(
        `update webhook_deliveries set status = 'held', next_attempt_at = null, pending_since = null
          where ctid in (select ctid from webhook_deliveries where webhook_id = $1 limit 1)`,
        [webhook],
      );
      await api.pool.query(
        `update webhook_deliveries d set pending_since = timestamptz '2025-10-29T12:00:00Z' + n * interval '1 hour'
           from (select id, row_number() over (order by id) - 1 as n from webhook_deliveries where webhook_id = $1 and status = 'pending') p
          where d.id = p.id`,
        [webhook],
      );
      const [alive, silent] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'];
      await api.pool.query(
        `insert into sender_processes (id, beat_at, continuous_since) values ($1, now(), now()), ($2, now() - interval '20 s', now())`,
        [alive, silent],
      );
      assert.ok(ordered);
      const { senders, statistics_rolled_up_until: rolledUpUntil, ...found } = await state();
      assert.deepEqual(found, {
        pending_deliveries: 5,
        pending_is_exact: true,
        oldest_pending_at: '2025-10-29T12:00:00.000Z',
        held_deliveries: 1,
        waiting_for_turn: 2,
        waiting_for_rate_limit: 0,
        unstarted_deliveries: 2,
        oldest_unstarted_at: '2025-10-29T12:00:00.000Z',
        uncollected_webhooks: 0,
        sweeper: null,
        temporal: { reachable: true, problems: [] },
      });
      assert.ok(rolledUpUntil);
      assert.deepEqual(
        senders.map(({ id, alive }: Json) => [id, alive]),
        [
          [alive, true],
          [silent, false],
        ],
      );
    });

    it('shows the sweeper and Temporal, and is read once a second whoever asks', async () => {
      isReachable = false;
      const [first, second] = await Promise.all([get('state'), get('state')]);
      assert.deepEqual(first.state.sweeper, { last_run_at: '2025-10-29T12:00:00.000Z', running: false, paused: true });
      assert.deepEqual(first.state.temporal, {
        reachable: false,
        problems: [{ what: 'The Schedule q-sweep is paused', remedy: 'temporal schedule toggle' }],
      });
      await triggerDtmf(api, tenant);
      const third = await get('state');
      assert.deepEqual([second, third], [first, first]);
    });
  });

  it('need an admin key', async () => {
    const source = (await api.call('POST', '/v1/api-keys', { body: { name: 'x', scopes: ['events:write'] } })).body.key;
    for (const path of ['tenants', 'receivers', 'search?q=x', 'state']) {
      assert.equal((await tenant.call('GET', `/v1/platform/${path}`)).status, 403);
      assert.equal((await api.call('GET', `/v1/platform/${path}`, { key: source as string })).status, 403);
    }
  });
});
