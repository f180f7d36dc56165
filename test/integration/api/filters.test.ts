import assert from 'node:assert/strict';
import { findEventType } from '../../../src/events/event-types.js';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

const inbound = { 'data.direction': 'inbound' };
const long = { ...inbound, 'data.duration_seconds': { $gte: 60 } };

describe('the filter of a webhook', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  beforeEach(async () => void (tenant = await createTenant(api)));
  after(() => api.close());

  let lastEvent = 0;
  /** The webhooks that get a completed call with these fields, and the whole answer. */
  const trigger = async (fields: object, eventId = `call-${(lastEvent += 1)}`) => {
    const payload = { ...findEventType('call.completed')!.example, ...fields };
    const { status, body } = await api.call('POST', '/v1/events', {
      body: { tenant_id: tenant.id, event_type: 'call.completed', event_id: eventId, payload },
    });
    assert.equal(status, 201, JSON.stringify(body));
    return { body, webhooks: body.deliveries.map((delivery: { webhook_id: number }) => delivery.webhook_id) };
  };
  const change = (webhook: number, settings: object) =>
    tenant.call('PATCH', `/v1/webhooks/${webhook}`, { body: settings });

  it('is shown as it was written, changed, left alone, and removed by null', async () => {
    const created = await tenant.call('POST', '/v1/webhooks', {
      body: { url: 'https://hooks.example.com/', events: ['*'], filter: long },
    });
    assert.deepEqual([created.status, created.body.webhook.filter], [201, long]);
    const { id } = created.body.webhook;
    const shown = async () => (await tenant.call('GET', `/v1/webhooks/${id}`)).body.webhook.filter;
    for (const [settings, filter] of [
      [{ max_retries: 1 }, long],
      [{ filter: { $not: inbound } }, { $not: inbound }],
      [{ filter: null }, null],
      [{ filter: {} }, {}],
    ] as const) {
      const changed = await change(id, settings);
      assert.deepEqual([changed.status, changed.body.webhook.filter], [200, filter]);
      assert.deepEqual(await shown(), filter);
    }
  });

  it('is refused with the path of each bad part, and then nothing changes', async () => {
    const webhook = await createWebhook(tenant, { filter: long });
    const bad = { 'data.from': { $regex: '^a' }, $or: [{ 'data.to': { $in: ['a', ['b']] } }] };
    const expected = ['filter.data.from.$regex', 'filter.$or.0.data.to.$in.1'];
    for (const refused of [
      await change(webhook, { filter: bad, max_retries: 2 }),
      await tenant.call('POST', '/v1/webhooks', { body: { url: 'https://a.example/', events: ['*'], filter: bad } }),
    ]) {
      assert.equal(refused.status, 400);
      assert.deepEqual(
        refused.body.errors.map(({ path }: { path: string }) => path),
        expected,
      );
    }
    assert.deepEqual((await tenant.call('GET', `/v1/webhooks/${webhook}`)).body.webhook.filter, long);
    const notOne = await change(webhook, { filter: 'inbound' });
    assert.deepEqual(notOne.body.errors, [
      {
        path: 'filter',
        message: 'expected an object of conditions, like {"data.direction": "inbound"}, or null, got "inbound"',
      },
    ]);
  });

  it('is refused with a number that JSON cannot carry exactly', async () => {
    const webhook = await createWebhook(tenant);
    const raw = '{"filter": {"data.duration_seconds": 9007199254740993}}';
    const headers = { 'Content-Type': 'application/json' };
    for (const [method, path] of [
      ['PATCH', `/v1/webhooks/${webhook}`],
      ['POST', `/v1/webhooks/${webhook}/filter/test`],
    ] as const) {
      const { status, body } = await tenant.call(method, path, { raw, headers });
      assert.deepEqual([status, body.errors[0].path], [400, 'filter.data.duration_seconds']);
    }
    const create = raw.replace('{', '{"url": "https://a.example/", "events": ["*"], ');
    assert.equal((await tenant.call('POST', '/v1/webhooks', { raw: create, headers })).status, 400);
  });

  it('leaves out what does not match, for its own webhook only', async () => {
    const filtered = await createWebhook(tenant, { filter: long });
    const other = await createWebhook(tenant, { filter: { $not: inbound } });
    const all = await createWebhook(tenant);
    const paused = await createWebhook(tenant, { filter: long, enabled: false });
    assert.deepEqual((await trigger({ direction: 'inbound', duration_seconds: 60 })).webhooks, [filtered, all, paused]);
    assert.deepEqual((await trigger({ direction: 'inbound', duration_seconds: 59 })).webhooks, [all]);
    assert.deepEqual((await trigger({ direction: 'outbound' })).webhooks, [other, all]);
    const { body } = await tenant.call('GET', `/v1/webhooks/${filtered}`);
    assert.equal(body.statistics.pending_deliveries, '1');
    assert.equal((await tenant.call('GET', `/v1/webhooks/${filtered}/deliveries`)).body.deliveries.length, 1);
  });

  it('counts for events accepted from its change on', async () => {
    const webhook = await createWebhook(tenant);
    const eventId = 'accepted-before';
    const { body } = await trigger({ direction: 'outbound' }, eventId);
    await change(webhook, { filter: inbound });
    assert.deepEqual((await trigger({ direction: 'outbound' })).webhooks, []);
    const retried = await tenant.call('POST', `/v1/webhooks/${webhook}/deliveries/${body.deliveries[0].id}/retry`);
    assert.equal(retried.status, 202);
    const payload = { ...findEventType('call.completed')!.example, direction: 'outbound' };
    const again = await api.call('POST', '/v1/events', {
      body: { tenant_id: tenant.id, event_type: 'call.completed', event_id: eventId, payload },
    });
    assert.deepEqual([again.status, again.body], [200, body]);
    await change(webhook, { filter: null });
    assert.deepEqual((await trigger({ direction: 'outbound' })).webhooks, [webhook]);
  });

  it('is not asked for test events', async () => {
    const webhook = await createWebhook(tenant, { filter: { event: 'nothing' } });
    assert.equal((await tenant.call('POST', `/v1/webhooks/${webhook}/test`)).status, 202);
  });

  it('is asked about every event that can be accepted, by a hundred webhooks at once', async () => {
    const matching = await createWebhook(tenant, { filter: { ...inbound, 'data.note': { $exists: true } } });
    const others = { $or: Array.from({ length: 50 }, (_, i) => ({ 'data.note': { $startsWith: `other ${i}` } })) };
    for (let i = 1; i < 100; i++) await createWebhook(tenant, { filter: others });
    for (const note of [
      '\0',
      '\ud800 and \\ud800 and \\\0',
      'x'.repeat(255_000),
      '\0'.repeat(42_000),
      Array.from({ length: 40_000 }, (_, i) => i),
      Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [`k${i}`, i])),
      [Number.MAX_VALUE, Number.MIN_VALUE, -1e308, 1e-300],
      Array.from({ length: 90 }).reduce((inner) => [inner], 'deep'),
    ]) {
      assert.deepEqual((await trigger({ direction: 'inbound', note })).webhooks, [matching]);
      assert.deepEqual((await trigger({ direction: 'outbound', note })).webhooks, []);
    }
  });

  describe('costs', () => {
    let filterable: string;
    before(async () => {
      const { rows } = await api.pool.query(`select pg_get_functiondef('filterable'::regproc) as text`);
      filterable = rows[0].text;
    });
    afterEach(() => api.pool.query(filterable));
    const replaceBy = (body: string) =>
      api.pool.query(`create or replace function filterable(p_body text) returns jsonb language plpgsql stable as $$
        begin ${body} end $$`);

    it('nothing where no webhook has one: the body is not even read', async () => {
      const other = await createTenant(api);
      await createWebhook(other, { filter: inbound });
      const webhook = await createWebhook(tenant);
      await createWebhook(tenant, { filter: inbound, events: ['sms.sent'] });
      await replaceBy(`raise 'the body is read';`);
      for (let i = 0; i < 10; i++) assert.deepEqual((await trigger({})).webhooks, [webhook]);
    });

    it('one reading of the body, whatever the number of webhooks', async () => {
      await api.pool.query('create sequence readings');
      for (let i = 0; i < 5; i++) await createWebhook(tenant, { filter: inbound });
      await replaceBy(`perform nextval('readings'); return p_body::jsonb;`);
      assert.equal((await trigger({ direction: 'inbound' })).webhooks.length, 5);
      const { rows } = await api.pool.query('select last_value::int, is_called from readings');
      assert.deepEqual(rows, [{ last_value: 1, is_called: true }]);
    });

    it('no event: one that cannot be read passes', async () => {
      const webhook = await createWebhook(tenant, { filter: { event: 'nothing' } });
      await replaceBy('return null;');
      assert.deepEqual((await trigger({})).webhooks, [webhook]);
    });
  });

  describe('when it is tried', () => {
    const tryOut = async (webhook: number, body?: object) => {
      const { status, body: answer } = await tenant.call('POST', `/v1/webhooks/${webhook}/filter/test`, { body });
      assert.equal(status, 200, JSON.stringify(answer));
      return answer;
    };
    const passes = { matches: true, failed: [] };

    it('is the one of the webhook, on an example of its first event type', async () => {
      const webhook = await createWebhook(tenant, { filter: long, events: ['call.completed', 'sms.sent'] });
      const { direction } = findEventType('call.completed')!.example;
      assert.deepEqual(await tryOut(webhook), await tryOut(webhook, { event_type: 'call.completed' }));
      assert.deepEqual(
        await tryOut(webhook, { filter: { event: 'call.completed', 'data.direction': direction } }),
        passes,
      );
      const every = await createWebhook(tenant, { filter: { event: 'webhook.test', 'data.webhook_id': 1 } });
      assert.deepEqual(await tryOut(every), {
        matches: false,
        failed: [{ path: 'data.webhook_id', condition: 1, value: every }],
      });
    });

    it('says of a given event why it does not match', async () => {
      const webhook = await createWebhook(tenant, { filter: long });
      const call = (payload: object, filter?: object | null) =>
        tryOut(webhook, { event_type: 'call.completed', payload, ...(filter !== undefined && { filter }) });
      assert.deepEqual(await call({ direction: 'inbound', duration_seconds: 60 }), passes);
      assert.deepEqual(await call({ direction: 'outbound', duration_seconds: 12 }), {
        matches: false,
        failed: [
          { path: 'data.direction', condition: 'inbound', value: 'outbound' },
          { path: 'data.duration_seconds', condition: { $gte: 60 }, value: 12 },
        ],
      });
      assert.deepEqual(await call({ direction: 'inbound' }), {
        matches: false,
        failed: [{ path: 'data.duration_seconds', condition: { $gte: 60 }, value: null }],
      });
      assert.deepEqual(await call({ to: ['a'] }, { $not: { $or: [inbound, { 'data.to': { $exists: true } }] } }), {
        matches: false,
        failed: [{ path: 'data.to', condition: { $not: { $exists: true } }, value: ['a'] }],
      });
      assert.deepEqual(await call({ note: '\0' }, { 'data.note': '\ufffd' }), passes);
      assert.deepEqual(await call({}, null), passes);
      assert.deepEqual(await call({}, {}), passes);
    });

    it('shows long values cut', async () => {
      const webhook = await createWebhook(tenant);
      const { failed } = await tryOut(webhook, {
        filter: { 'data.text': '', 'data.list': 1 },
        payload: { text: 'x'.repeat(2000), list: Array(1000).fill(1) },
      });
      for (const { value } of failed) assert.deepEqual([value.length, value.at(-1)], [1000, '…']);
      assert.ok(failed[1].value.startsWith('[1,1,'));
    });

    it('stores and sends nothing, and does not count the types that the webhook subscribes to', async () => {
      const webhook = await createWebhook(tenant, { events: ['sms.sent'] });
      assert.deepEqual(await tryOut(webhook, { filter: { event: 'call.dtmf' }, event_type: 'call.dtmf' }), passes);
      const shown = (await tenant.call('GET', `/v1/webhooks/${webhook}`)).body;
      assert.deepEqual([shown.webhook.filter, shown.statistics.pending_deliveries], [null, '0']);
      assert.deepEqual((await tenant.call('GET', '/v1/events')).body.events, []);
    });

    it('needs no webhook, but an event type', async () => {
      const call = (body: object) => tenant.call('POST', '/v1/filter/test', { body });
      const event = { event_type: 'call.completed', payload: { direction: 'inbound', duration_seconds: 12 } };
      assert.deepEqual((await call({ filter: long, ...event })).body, {
        matches: false,
        failed: [{ path: 'data.duration_seconds', condition: { $gte: 60 }, value: 12 }],
      });
      assert.deepEqual((await call({ filter: null, ...event })).body, passes);
      const { direction } = findEventType('call.completed')!.example;
      assert.deepEqual(
        (await call({ filter: { 'data.direction': direction }, event_type: 'call.completed' })).body,
        passes,
      );
      for (const [body, field] of [
        [event, 'filter'],
        [{ filter: long }, 'event_type'],
        [{ filter: { 'data.a': [] }, ...event }, 'filter.data.a'],
      ] as const) {
        const { status, body: problem } = await call(body);
        assert.deepEqual([status, problem.errors[0].path], [400, field]);
      }
      const raw = '{"event_type": "call.completed", "filter": {"data.n": 9007199254740993}, "payload": {"n": 1e400}}';
      const headers = { 'Content-Type': 'application/json' };
      const inexact = await tenant.call('POST', '/v1/filter/test', { raw, headers });
      assert.deepEqual([inexact.status, inexact.body.errors[0].path], [400, 'filter.data.n']);
      const payload = await tenant.call('POST', '/v1/filter/test', {
        raw: raw.replace('9007199254740993', '9'),
        headers,
      });
      assert.deepEqual([payload.status, payload.body.errors[0].path], [400, 'payload.n']);
    });

    it('is refused with what is wrong, and for a webhook that is not there', async () => {
      const webhook = await createWebhook(tenant);
      const path = `/v1/webhooks/${webhook}/filter/test`;
      for (const [body, field] of [
        [{ filter: { 'data.a': [] } }, 'filter.data.a'],
        [{ event_type: 'call.exploded' }, 'event_type'],
        [{ event_type: '*' }, 'event_type'],
        [{ payload: [] }, 'payload'],
        [{ events: [] }, 'events'],
      ] as const) {
        const { status, body: problem } = await tenant.call('POST', path, { body });
        assert.deepEqual([status, problem.errors[0].path], [400, field]);
      }
      const raw = '{"payload": {"n": 1e400}}';
      const inexact = await tenant.call('POST', path, { raw, headers: { 'Content-Type': 'application/json' } });
      assert.deepEqual([inexact.status, inexact.body.errors[0].path], [400, 'payload.n']);
      const other = await createTenant(api);
      assert.equal((await other.call('POST', path)).status, 404);
      await tenant.call('DELETE', `/v1/webhooks/${webhook}`);
      assert.equal((await tenant.call('POST', path)).status, 404);
    });
  });
});
