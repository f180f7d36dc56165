import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { MockActivityEnvironment } from '@temporalio/testing';
import { forget } from '../../../activities/maintenance/forget.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { takeAttempt } from '../../../src/db/attempts.js';
import { claimSend } from '../../../src/db/messages.js';
import { tablesOfTenants } from '../../../src/db/tenant-deletion.js';
import { createLogger } from '../../../src/log.js';
import { insertOutboundMessage } from '../../support/sms-events.js';
import { enterPortal } from './browser.js';
import { waitFor } from '../../support/wait-for.js';
import {
  adminKey,
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

let numbers = 0;

describe('everything of a tenant', () => {
  let api: Api;
  let db: Database;
  before(async () => {
    api = await startApi();
    db = openDatabase({ url: api.databaseUrl, poolSize: 2 });
  });
  after(async () => {
    await db.close();
    await api.close();
  });

  /** A tenant with something in every table. */
  async function richTenant() {
    const tenant = await createTenant(api, ['webhooks:read', 'webhooks:write', 'messages:write']);
    const number = `+1555123${(numbers += 1) + 1000}`;
    const webhookId = await createWebhook(tenant, { headers: { 'X-Api-Key': 'header-secret' } });
    await api.call('PUT', `/v1/tenants/${tenant.id}/quotas`, {
      body: { events_per_minute: 100, requests_per_minute: 100 },
    });
    await api.call('PUT', `/v1/tenants/${tenant.id}/limits`, { body: { sms_segments: 10 } });
    await api.call('POST', '/v1/phone-numbers', { body: { tenant_id: tenant.id, phone_number: number } });
    const [id, pending] = [...(await triggerDtmf(api, tenant)), ...(await triggerDtmf(api, tenant))];
    await recordAnswer(api, id!, {
      statusCode: 200,
      verdict: 'delivered',
      responseHeaders: { 'Set-Cookie': 'cookie-secret' },
    });
    await enterPortal(api, tenant.id);
    const messageId = await insertOutboundMessage(api.pool, tenant.id, { from: number });
    await api.pool.query(
      `with call as (
         insert into calls (call_sid, tenant_id, switch, core_uuid, direction, from_number, to_number, started_at)
         values ($2, $1, 's', 'c', 'inbound', '1', '2', now())),
       recording as (insert into recordings (call_sid, path, tenant_id) values ($2, '/r.wav', $1)),
       event as (
         insert into call_events (core_uuid, event_sequence, switch, call_sid, kind, facts)
         values ($2, 1, 's', $2, 'created', '{}')),
       usage as (insert into tenant_usage (tenant_id, month, resource, used) values ($1, '2025-10', 'sms_segments', 3)),
       service as (insert into messaging_services (service_sid, tenant_id) values ('MG' || md5($1::uuid::text), $1)),
       window_ as (insert into tenant_request_windows (tenant_id, began_at, sent) values ($1, now(), 1)),
       bodies as (
         insert into webhook_bodies (delivery_id, body) select id, '{}' from webhook_deliveries where tenant_id = $1),
       members as (
         insert into webhook_batch_members (delivery_id, batch_id, place, attempts_before)
         select id, id, 1, 0 from webhook_deliveries where tenant_id = $1),
       health as (insert into webhook_health (webhook_id, state, since) select id, 'failing', now() from webhooks where tenant_id = $1),
       change as (
         insert into webhook_health_changes (webhook_id, state, url, since, reason, consecutive_failures)
         select id, 'failing', url, now(), 'x', 5 from webhooks where tenant_id = $1),
       recovery as (
         insert into webhook_recoveries (webhook_id, tenant_id, statuses, include_missing, total)
         select id, tenant_id, '{failed}', false, 0 from webhooks where tenant_id = $1),
       statistics as (
         insert into webhook_statistics (tenant_id, webhook_id, unit, start, events, delivered, failed, expired)
         select $1, w, 'day', now(), 1, 0, 0, 0 from (select id from webhooks where tenant_id = $1 union all select null) s (w)),
       uncounted as (insert into uncounted_changes (webhook_id, at) select id, now() from webhooks where tenant_id = $1),
       tokens as (insert into webhook_tokens (webhook_id, number, at) select id, 1000, now() from webhooks where tenant_id = $1),
       counts as (
         insert into tenant_event_counts (tenant_id, minute_began_at, triggers) values ($1, now(), 1)
         on conflict do nothing)
       insert into expunges (tenant_id, event_id) values ($1, 'x')`,
      [tenant.id, randomUUID()],
    );
    return { tenant, number, webhookId, pending: pending!, messageId };
  }

  describe('GET /v1/tenants/:id/export', () => {
    const read = async (tenant: TestTenant) =>
      (await api.call('GET', `/v1/tenants/${tenant.id}/export`)).body as ({ type: string } & Record<string, unknown>)[];

    it('has a line for each row, and tells its end', async () => {
      const { tenant } = await richTenant();
      const lines = await read(tenant);
      const entries = await api.pool.query('select from audit_entries where tenant_id = $1', [tenant.id]);
      const audited = new Array<string>(entries.rowCount!).fill('audit_entry');
      assert.ok(audited.length >= 4, 'its creation, its key, its webhook and its number');
      assert.deepEqual(
        lines.map(({ type }) => type),
        [
          'tenant',
          'api_key',
          'portal_link',
          'portal_session',
          'phone_number',
          'limit',
          'usage',
          'message',
          'call',
          'recording',
          'event',
          'event',
          'event',
          ...audited,
          'statistics',
          'webhook',
          'recovery',
          'statistics',
          'delivery',
          'delivery',
          'delivery',
          'attempt',
          'delivery_body',
          'delivery_body',
          'delivery_body',
          'end',
        ],
      );
      assert.equal(lines.at(-1)!['lines'], lines.length - 1);
      const event = lines.find(({ type }) => type === 'event')!;
      assert.equal(JSON.parse(String(event['body'])).event, event['event_type']);
    });

    it('holds no secret: none of a key, a webhook or a header', async () => {
      const { tenant, webhookId } = await richTenant();
      await tenant.call('POST', `/v1/webhooks/${webhookId}/rotate-secret`);
      const text = JSON.stringify(await read(tenant));
      const { rows } = await api.pool.query<{ key_hash: Buffer; secret_sealed: Buffer }>(
        'select k.key_hash, w.secret_sealed from api_keys k, webhooks w where k.tenant_id = $1 and w.id = $2',
        [tenant.id, webhookId],
      );
      const { key_hash: hash, secret_sealed: sealed } = rows[0]!;
      const secrets = [tenant.key, 'header-secret', 'cookie-secret', 'k-123', 'sha256=0123', 'sealed', 'hash'];
      for (const bytes of [hash, sealed]) secrets.push(bytes.toString('hex'), bytes.toString('base64'));
      for (const secret of secrets) assert.ok(!text.includes(secret), secret);
      assert.match(text, /X-IRISX-Attempt/, 'other headers are there');
    });

    it('has all rows of many pages, once each, and nothing of another tenant', async () => {
      const [tenant, other] = [await createTenant(api), await createTenant(api)];
      await createWebhook(tenant);
      await createWebhook(other);
      await triggerDtmf(api, other);
      await api.pool.query(
        `with events as (
           insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
           select $1, 'call.dtmf', 'n' || n, now(), '{}' from generate_series(1, 450) n returning id)
         insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, attempt_count, finished_at)
         select e.id, w.id, $1, 'call.dtmf', 'x', 'delivered', 'pending', 2, now() from events e, webhooks w where w.tenant_id = $1`,
        [tenant.id],
      );
      await api.pool.query(
        `insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers)
         select d.id, n, gen_random_uuid(), now(), 1, 200, '{}' from webhook_deliveries d, generate_series(1, 2) n where d.tenant_id = $1`,
        [tenant.id],
      );
      const lines = await read(tenant);
      const count = (name: string) => {
        const keys = lines.filter(({ type }) => type === name).map((line) => JSON.stringify(line));
        assert.equal(new Set(keys).size, keys.length, `${name} twice`);
        return keys.length;
      };
      assert.deepEqual([count('event'), count('delivery'), count('attempt')], [450, 450, 900]);
      assert.ok(!JSON.stringify(lines).includes(other.id));
    });

    it('waits for a client that reads nothing, without a connection of the pool', async () => {
      const tenant = await createTenant(api);
      await api.pool.query(
        `insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
         select $1, 'call.dtmf', 'n' || n, now(), repeat('x', 200000) from generate_series(1, 300) n`,
        [tenant.id],
      );
      const hanging = Array.from({ length: 8 }, () => {
        const sent = request(`${api.url}/v1/tenants/${tenant.id}/export`, {
          headers: { Authorization: `Bearer ${adminKey}` },
        });
        sent.end();
        return sent;
      });
      const responses = await Promise.all(hanging.map(async (sent) => (await once(sent, 'response'))[0]));
      const before = process.memoryUsage().arrayBuffers;
      const busy = () =>
        api.pool.query(
          `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
        );
      await waitFor(async () => (await busy()).rowCount === 0, { what: 'every export to wait for its client' });
      // The pool has five connections, and eight exports hang.
      assert.equal((await tenant.call('GET', '/v1/webhooks')).status, 200);
      assert.ok(process.memoryUsage().arrayBuffers - before < 100 * 1024 * 1024);
      for (const response of responses) response.destroy();
    });

    it('needs an admin key and a tenant', async () => {
      const tenant = await createTenant(api);
      assert.equal((await tenant.call('GET', `/v1/tenants/${tenant.id}/export`)).status, 403);
      assert.equal((await api.call('GET', `/v1/tenants/${randomUUID()}/export`)).status, 404);
    });
  });

  describe('DELETE /v1/tenants/:id', () => {
    const remove = (tenant: TestTenant, confirm = 'Acme') =>
      api.call('DELETE', `/v1/tenants/${tenant.id}?confirm=${encodeURIComponent(confirm)}`);
    const forgetAll = () =>
      new MockActivityEnvironment().run(() => forget({ db, log: createLogger({ level: 'silent', format: 'json' }) }));

    it('needs the name of the tenant, and an admin key', async () => {
      const tenant = await createTenant(api);
      assert.equal((await remove(tenant, 'acme')).status, 400);
      assert.equal((await api.call('DELETE', `/v1/tenants/${tenant.id}`)).status, 400);
      assert.equal((await tenant.call('DELETE', `/v1/tenants/${tenant.id}?confirm=Acme`)).status, 403);
      assert.equal((await api.call('GET', `/v1/tenants/${tenant.id}`)).status, 200);
      assert.equal((await api.call('DELETE', `/v1/tenants/${randomUUID()}?confirm=Acme`)).status, 404);
    });

    it('stops keys and sending immediately, frees its numbers, and it is not found any more', async () => {
      const { tenant, number, pending, messageId, webhookId } = await richTenant();
      await api.pool.query("update tenants set external_id = '42' where id = $1", [tenant.id]);
      assert.equal((await api.call('GET', '/v1/webhooks?tenant_external_id=42')).status, 200, 'it is remembered');
      assert.equal((await remove(tenant)).status, 204);

      assert.equal((await tenant.call('GET', '/v1/webhooks')).status, 401);
      const options = { timeoutMs: 30_000, processId: randomUUID(), keyIds: api.sealer.keyIds };
      assert.deepEqual(await takeAttempt(db, pending, options), {
        answer: 'ended',
        status: 'cancelled',
        attemptCount: 0,
        releases: false,
        deliveries: 1,
      });
      assert.equal(await claimSend(db, messageId), null);
      const id = tenant.id;
      const event = {
        event_type: 'call.dtmf',
        event_id: 'e',
        payload: { call_sid: 'c', digit: '1', timestamp: '2025-10-29T12:00:00Z' },
      };
      for (const [method, path, body] of [
        ['GET', `/v1/tenants/${id}`],
        ['DELETE', `/v1/tenants/${id}?confirm=Acme`],
        ['GET', `/v1/tenants/${id}/export`],
        ['GET', `/v1/tenants/${id}/retention`],
        ['PUT', `/v1/tenants/${id}/retention`, {}],
        ['PUT', `/v1/tenants/${id}/quotas`, {}],
        ['GET', `/v1/tenants/${id}/limits`],
        ['PUT', `/v1/tenants/${id}/limits`, {}],
        ['GET', `/v1/tenants/${id}/usage`],
        ['GET', `/v1/tenants/${id}/api-keys`],
        ['POST', `/v1/tenants/${id}/api-keys`, { name: 'x', scopes: ['webhooks:read'] }],
        ['GET', `/v1/webhooks?tenant_id=${id}`],
        ['GET', '/v1/webhooks?tenant_external_id=42'],
        ['GET', `/v1/webhooks/${webhookId}?tenant_id=${id}`],
        ['POST', '/v1/events', { tenant_id: id, ...event }],
        ['POST', '/v1/events', { tenant_external_id: '42', ...event }],
        ['POST', '/v1/events/expunge', { tenant_id: id, event_id: 'x' }],
        ['POST', '/v1/phone-numbers', { tenant_id: id, phone_number: '+15559990000' }],
      ] as [string, string, object?][])
        assert.equal((await api.call(method, path, body ? { body } : {})).status, 404, `${method} ${path}`);
      const { tenants } = (await api.call('GET', '/v1/tenants?limit=200')).body as { tenants: { id: string }[] };
      assert.ok(!tenants.some((each) => each.id === id));

      const next = await createTenant(api);
      const assigned = { tenant_id: next.id, phone_number: number };
      assert.equal((await api.call('POST', '/v1/phone-numbers', { body: assigned })).status, 201);
      assert.equal((await api.call('POST', '/v1/tenants', { body: { name: 'Next', external_id: '42' } })).status, 201);
      await remove(next);
    });

    it('removes every row of it in the background, and none of another tenant', async () => {
      const { tenant } = await richTenant();
      const { tenant: other } = await richTenant();
      const tables = await api.pool.query<{ name: string; column: string }>(
        `select table_name as name, column_name as column from information_schema.columns
          where table_schema = 'public' and column_name in ('tenant_id', 'webhook_id', 'call_sid', 'delivery_id')
            -- kept for a time of its own: it says who deleted the tenant
            and table_name <> 'audit_entries'`,
      );
      const left = async (id: string) => {
        const counts: Record<string, number> = {};
        for (const { name, column } of tables.rows) {
          const where = {
            tenant_id: 'tenant_id = $1',
            webhook_id: 'webhook_id in (select id from webhooks where tenant_id = $1)',
            call_sid: 'call_sid in (select call_sid from calls where tenant_id = $1)',
            delivery_id: 'delivery_id in (select id from webhook_deliveries where tenant_id = $1)',
          }[column];
          const { rows } = await api.pool.query<{ n: number }>(
            `select count(*)::int as n from ${name} where ${where}`,
            [id],
          );
          counts[`${name}.${column}`] = rows[0]!.n;
        }
        return counts;
      };
      const { rows: calls } = await api.pool.query('select call_sid from calls where tenant_id = $1', [tenant.id]);
      const before = await left(other.id);
      for (const [name, n] of Object.entries(await left(tenant.id))) assert.ok(n > 0, `${name} has nothing to remove`);
      assert.equal((await remove(tenant)).status, 204);
      await forgetAll();
      for (const [name, n] of Object.entries(await left(tenant.id))) assert.equal(n, 0, name);
      assert.equal((await api.pool.query('select from tenants where id = $1', [tenant.id])).rowCount, 0);
      const sql = 'select from call_events where call_sid = $1';
      assert.equal((await api.pool.query(sql, [calls[0].call_sid])).rowCount, 0);
      assert.deepEqual(await left(other.id), before);
      assert.equal((await other.call('GET', '/v1/webhooks')).status, 200);
    });

    it('knows every table that refers to a tenant', async () => {
      const { rows } = await api.pool.query<{ name: string }>(
        `select conrelid::regclass::text as name from pg_constraint where contype = 'f' and confrelid = 'tenants'::regclass`,
      );
      assert.deepEqual([...new Set(rows.map(({ name }) => name))].sort(), [...tablesOfTenants].sort());
    });
  });
});
