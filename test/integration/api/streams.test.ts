import assert from 'node:assert/strict';
import { DeliveryStreams } from '../../../src/api/streams/delivery-streams.js';
import { storeBody } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { listStreamedDeliveries, readStreams } from '../../../src/db/delivery-streams.js';
import { createLogger } from '../../../src/log.js';
import { Transforms } from '../../../src/transform/transforms.js';
import { verifyWebhook } from '../../../src/verify/index.js';
import { openStream, type OpenedStream } from '../../support/event-stream.js';
import { explain } from '../../support/explain.js';
import { insertBacklog } from '../../support/insert-backlog.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';
import { waitFor } from '../../support/wait-for.js';
import { checkResponse } from './contract.js';
import { adminKey, createTenant, createWebhook, startApi, triggerDtmf, type Api, type TestTenant } from './fixture.js';

const someId = '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a';

describe('the stream of a webhook', () => {
  let api: Api;
  let db: Database;
  let tenant: TestTenant;
  let webhookId: number;
  let opened: OpenedStream[] = [];
  before(async () => {
    api = await startApi();
    db = openDatabase({ url: api.databaseUrl, poolSize: 2 });
  });
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhookId = await createWebhook(tenant);
  });
  afterEach(() => {
    for (const stream of opened) stream.close();
    opened = [];
  });
  after(async () => {
    await db.close();
    await api.close();
  });

  interface Opening {
    key?: string;
    lastEventId?: string | undefined;
    url?: string;
    query?: string;
  }

  async function open({ key = tenant.key, lastEventId, url = api.url, query = '' }: Opening = {}) {
    const stream = await openStream(`${url}/v1/webhooks/${webhookId}/stream${query}`, {
      Authorization: `Bearer ${key}`,
      ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
    });
    opened.push(stream);
    return stream;
  }

  const trigger = async () => (await triggerDtmf(api, tenant))[0]!;

  describe('what it shows', () => {
    it('is each delivery as it would be sent, signed with the secret of the webhook', async () => {
      const created = await tenant.call('POST', '/v1/webhooks', {
        body: { url: 'https://example.com/', events: ['*'], headers: { Authorization: 'Bearer of-the-receiver' } },
      });
      webhookId = created.body.webhook.id as number;
      const stream = await open();
      const [, id] = await triggerDtmf(api, tenant, 'streamed');
      assert.deepEqual(await stream.waitForIds(1), [id]);
      const { data } = stream.events[0]!;
      const contentType = stream.headers.get('content-type');
      checkResponse('GET', `/v1/webhooks/${webhookId}/stream`, { status: 200, contentType, body: [data] });
      const secrets = created.body.secret as string;
      assert.equal(verifyWebhook({ rawBody: data.body, headers: data.headers, secrets }).valid, true);
      assert.equal(data.delivery_id, id);
      assert.equal(data.headers['X-IRISX-Delivery'], id);
      assert.equal(data.headers['X-IRISX-Attempt'], '1');
      assert.equal(data.headers['Authorization'], 'Bearer of-the-receiver');
      const { body } = await tenant.call('GET', `/v1/webhooks/${webhookId}/deliveries/${id}`);
      assert.equal(data.body, body.delivery.body);
    });

    it('has tests, what a paused webhook holds, and events by themselves, and nothing from before', async () => {
      await tenant.call('PATCH', `/v1/webhooks/${webhookId}`, { body: { enabled: false } });
      await trigger();
      const stream = await open();
      const held = await trigger();
      const test = await tenant.call('POST', `/v1/webhooks/${webhookId}/test`);
      assert.deepEqual(await stream.waitForIds(2), [held, test.body.delivery.id]);
    });

    it('is what the transform makes, or has made already; a comment names what it cannot make', async () => {
      await tenant.call('PATCH', `/v1/webhooks/${webhookId}`, {
        body: { transform: 'data.digit = "7" ? $error("no sevens") : {"digit": data.digit}', enabled: false },
      });
      const before = await trigger();
      await storeBody(db, before, '{"made":"before"}');
      const payload = { call_sid: 'call-1', digit: '7', timestamp: '2025-10-29T12:00:00Z' };
      const body = { tenant_id: tenant.id, event_type: 'call.dtmf', event_id: 'seven', payload };
      await api.call('POST', '/v1/events', { body });
      await trigger();
      const stream = await open({ lastEventId: someId });
      await stream.waitForIds(2);
      assert.deepEqual(
        stream.events.map(({ data }) => data.body),
        ['{"made":"before"}', '{"digit":"5"}'],
      );
      assert.match(await stream.waitForComment(/fails/), /^delivery .{36} has no body: the transform fails: .*sevens/);
      const { rows } = await api.pool.query('select from webhook_bodies where delivery_id <> $1', [before]);
      assert.equal(rows.length, 0, 'the transform may still be changed before they are sent');
    });

    it('leaves out what was expunged', async () => {
      await trigger();
      await api.call('POST', '/v1/events/expunge', { body: { tenant_id: tenant.id, event_id: await lastEventId() } });
      const kept = await trigger();
      const stream = await open({ lastEventId: someId });
      assert.deepEqual(await stream.waitForIds(1), [kept]);
    });

    const lastEventId = async () => (await tenant.call('GET', '/v1/events?limit=1')).body.events[0].event_id as string;
  });

  describe('after a break', () => {
    it('goes on after the last event, at another process too, without a gap or a double', async () => {
      const stream = await open();
      const first = await trigger();
      await stream.waitForIds(1);
      stream.close();
      const missed = [await trigger(), await trigger()];
      const other = await startApi({ databaseUrl: api.databaseUrl });
      try {
        const resumed = await open({ url: other.url, lastEventId: first });
        const live = await trigger();
        assert.deepEqual(await resumed.waitForIds(3), [...missed, live]);
      } finally {
        await other.close();
      }
    });

    it('goes on from where it began if there was no event yet', async () => {
      const stream = await open();
      const position = stream.headers.get('last-event-id')!;
      stream.close();
      const missed = await trigger();
      assert.deepEqual(await (await open({ lastEventId: position })).waitForIds(1), [missed]);
    });

    it('is refused if the last event is no id of ours', async () => {
      for (const lastEventId of ['17', 'b9f7c1de-4a5b-4c6d-8e7f-001122334455']) {
        const refused = await tenant.call('GET', `/v1/webhooks/${webhookId}/stream`, {
          headers: { 'Last-Event-ID': lastEventId },
        });
        assert.equal(refused.status, 400);
        assert.match(refused.body.detail, /Last-Event-ID must be the id of an event/);
      }
    });

    it('sends a large backlog in pages, each once and in order', async () => {
      await insertBacklog(api.pool, { tenantId: tenant.id, webhookId, status: 'delivered', count: 250 });
      const stream = await open({ lastEventId: someId });
      const ids = await stream.waitForIds(250);
      assert.deepEqual(ids, [...new Set(ids)].sort());
    });
  });

  it('ends pages at 64 KB, so that little is in memory, but none is empty', async () => {
    await api.pool.query(
      `with event as (
         insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
         select $1, 'call.dtmf', 'large-' || n, now(), repeat('a', 40000) from generate_series(1, 3) n returning id, event_id)
       insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, finished_at)
       select id, $2, $1, 'call.dtmf', event_id, 'delivered', 'pending', now() from event`,
      [tenant.id, webhookId],
    );
    const beforeId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    const first = await listStreamedDeliveries(db, webhookId, { afterId: someId, beforeId });
    assert.equal(first.length, 2);
    const rest = await listStreamedDeliveries(db, webhookId, { afterId: first[1]!.id, beforeId });
    assert.equal(rest.length, 1);
  });

  it('reads no more of the deliveries than it shows, whatever others have', async () => {
    const other = await insertTenant(api.pool);
    const busy = await insertWebhook(api.pool, other);
    const position = await trigger();
    await insertBacklog(api.pool, { tenantId: other, webhookId: busy, status: 'delivered', count: 3_000 });
    await api.pool.query('analyze webhook_deliveries, webhooks');
    const explained = explain(db);
    const states = await readStreams(explained.db, [{ keyId: null, sessionId: null, webhookId, afterId: position }]);
    assert.deepEqual(states, [{ hasCaller: true, hasWebhook: true, hasMore: false }]);
    assert.ok(explained.rowsRead() <= 2, `${explained.rowsRead()} rows`);
    const beforeId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    await listStreamedDeliveries(explained.db, webhookId, { afterId: position, beforeId });
    assert.ok(explained.rowsRead() <= 2, `${explained.rowsRead()} rows`);
  });

  describe('its end', () => {
    it('comes when the key is deleted or expires, or the webhook is deleted; the client hears why', async () => {
      const stream = await open();
      const { body } = await api.call('GET', `/v1/tenants/${tenant.id}/api-keys`);
      await api.call('DELETE', `/v1/tenants/${tenant.id}/api-keys/${body.api_keys[0].id}`);
      await stream.waitForComment(/^end: the API key or session was deleted or has expired$/);
      await waitFor(() => stream.isEnded(), { what: 'the end of the stream' });

      const created = await api.call('POST', `/v1/tenants/${tenant.id}/api-keys`, {
        body: { name: 'short', scopes: ['webhooks:read'] },
      });
      const expiring = await open({ key: created.body.key });
      await api.pool.query(`update api_keys set expires_at = now() where id = $1`, [created.body.api_key.id]);
      await expiring.waitForComment(/^end: the API key or session was deleted or has expired$/);

      const query = `?tenant_id=${tenant.id}`;
      const byAdmin = await open({ key: adminKey, query });
      await api.call('DELETE', `/v1/webhooks/${webhookId}${query}`);
      await byAdmin.waitForComment(/^end: the webhook was deleted$/);
      assert.equal((await open({ key: adminKey, query })).status, 404);
    });

    it('comes when the process stops, immediately', async () => {
      const stopping = await startApi({ databaseUrl: api.databaseUrl });
      const stream = await open({ url: stopping.url });
      stopping.streams.close();
      await stream.waitForComment(/^end: the service is restarting$/);
      await waitFor(() => stream.isEnded(), { what: 'the end of the stream' });
      const late = await open({ url: stopping.url });
      await late.waitForComment(/restarting/);
      await stopping.close();
    });

    it('comes when Postgres does not answer', async () => {
      const stream = await open();
      await api.pool.query('alter table api_keys rename to api_keys_away');
      try {
        await stream.waitForComment(/^end: deliveries cannot be read now$/);
      } finally {
        await api.pool.query('alter table api_keys_away rename to api_keys');
      }
    });

    it('comes when the secret cannot be decrypted', async () => {
      webhookId = await insertWebhook(api.pool, tenant.id);
      const stream = await open();
      await trigger();
      await stream.waitForComment(/^end: .* cannot be decrypted/);
    });
  });

  it('is limited in number per tenant; a closed one makes room, and HEAD opens none', async () => {
    const path = `/v1/webhooks/${webhookId}/stream`;
    for (let i = 0; i < 11; i++) assert.equal((await tenant.call('HEAD', path)).status, 200);
    for (let i = 0; i < 10; i++) assert.equal((await open()).status, 200);
    const refused = await tenant.call('GET', path);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '10');
    opened[0]!.close();
    await waitFor(async () => (await open()).status === 200, { what: 'room for another stream' });
  });

  it('has a comment from time to time, through proxies that neither keep nor change it', async () => {
    const beating = await startApi({ databaseUrl: api.databaseUrl, streamLimits: { heartbeatMs: 1 } });
    const stream = await open({ url: beating.url });
    await stream.waitForComment(/nothing new/);
    assert.equal(stream.headers.get('content-type'), 'text/event-stream');
    assert.equal(stream.headers.get('cache-control'), 'no-store, no-transform');
    assert.equal(stream.headers.get('x-accel-buffering'), 'no');
    await beating.close();
  });

  describe('and its reader', () => {
    let transforms: Transforms;
    let statements: string[];
    let streams: DeliveryStreams;
    beforeEach(() => {
      transforms = new Transforms();
      statements = [];
      const query: Database['query'] = (statement, values) => {
        statements.push(typeof statement === 'string' ? statement : statement.text);
        return db.query(statement, values);
      };
      const log = createLogger({ level: 'error', format: 'json' });
      const deps = { db: { ...db, query }, sealer: api.sealer, transforms, log, version: '1.2.3' };
      streams = new DeliveryStreams(deps, { pollMs: 5 });
    });
    afterEach(async () => {
      streams.close();
      await transforms.close();
    });
    const openHere = (lastEventId: string | null = null) =>
      streams.open({ tenantId: tenant.id, webhookId, keyId: null, sessionId: null, lastEventId });
    const count = (part: string) => statements.filter((statement) => statement.includes(part)).length;

    it('a backlog comes page after page, not one at a time of asking', async () => {
      await insertBacklog(api.pool, { tenantId: tenant.id, webhookId, status: 'delivered', count: 350 });
      const stream = await openHere(someId);
      const seen = new Set<string | undefined>();
      const events = stream.events();
      await events.next(); // connected
      for (let i = 0; i < 350; i++) seen.add(((await events.next()).value as { id?: string }).id);
      assert.equal(seen.size, 350);
      assert.equal(count('uuid_v7_floor'), 1, 'it was woken once');
      stream.close();
    });

    it('a delivery that commits late, under an earlier id, comes before later ones', async () => {
      const stream = await openHere();
      const events = stream.events();
      await events.next();
      const late = await api.pool.connect();
      await late.query('begin');
      const { rows } = await late.query<{ delivery_id: string }>(
        `select delivery_id from accept_event($1, 'call.dtmf', 'late', now(), '{}', null, null, null, true, null, false)`,
        [tenant.id],
      );
      const committed = await trigger();
      const next = events.next();
      // The reader has seen the one that is committed, and holds it back.
      const seen = count('pg_locks');
      await waitFor(() => count('pg_locks') >= seen + 3, { what: 'three looks at what is open' });
      await late.query('commit');
      late.release();
      const arrived = [await next, await events.next()].map(({ value }) => (value as { id: string }).id);
      assert.deepEqual(arrived, [rows[0]!.delivery_id, committed]);
      stream.close();
    });

    it('passes over batches once: their events are in the stream by themselves', async () => {
      const stream = await openHere();
      const events = stream.events();
      await events.next();
      const next = events.next();
      const before = count('pg_locks');
      await api.pool.query(
        `insert into webhook_deliveries (webhook_id, tenant_id, event_type, event_id, status, accepted_as, batch_size, next_attempt_at)
         values ($1, $2, 'batch', 'batch', 'pending', 'pending', 2, now())`,
        [webhookId, tenant.id],
      );
      await waitFor(() => count('pg_locks') > before, { what: 'a look at what is new' });
      const polls = count('with ordinality');
      await waitFor(() => count('with ordinality') >= polls + 5, { what: 'five more polls' });
      assert.ok(count('pg_locks') <= before + 2, 'it is passed over');
      const event = await trigger();
      assert.equal(((await next).value as { id: string }).id, event);
      stream.close();
    });

    it('asks once for all streams, and not at all when there is none', async () => {
      const [stream, other] = [await openHere(), await openHere()];
      const waiting = [stream, other].map(async (each) => {
        const events = each.events();
        while (!(await events.next()).done);
      });
      await waitFor(() => count('with ordinality') >= 5, { what: 'five polls' });
      assert.ok(statements.length <= count('with ordinality') + 2, 'nothing but the polls and the two starts');
      stream.close();
      other.close();
      await Promise.all(waiting);
      const polls = () => count('with ordinality');
      const atEnd = polls();
      // Another reader with the same pace tells the time.
      const clock = await startApi({ databaseUrl: api.databaseUrl, streamLimits: { pollMs: 5, heartbeatMs: 1 } });
      const ticking = await open({ url: clock.url });
      await waitFor(() => ticking.comments.length > 5, { what: 'five polls of the other reader' });
      await clock.close();
      assert.ok(polls() <= atEnd + 1, `${polls() - atEnd} polls after the end`);
    });
  });
});
