import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { storeBody } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { removeBodies } from '../../../src/db/retention.js';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api, type TestTenant } from './fixture.js';

describe('transforms', () => {
  let api: Api;
  let db: Database;
  let tenant: TestTenant;
  let webhookId: number;
  before(async () => {
    api = await startApi();
    db = openDatabase({ url: api.databaseUrl, poolSize: 2 });
  });
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhookId = await createWebhook(tenant, { events: ['call.dtmf', 'call.completed'] });
  });
  after(async () => {
    await db.close();
    await api.close();
  });

  const patch = (body: unknown) => tenant.call('PATCH', `/v1/webhooks/${webhookId}`, { body });
  const test = (body?: unknown) => tenant.call('POST', `/v1/webhooks/${webhookId}/transform/test`, { body });

  describe('as a setting', () => {
    it('are stored as they were written, shown, audited, and removed by null', async () => {
      const transform = '  {"text": event}\n';
      const created = await tenant.call('POST', '/v1/webhooks', {
        body: { url: 'https://example.com/', events: ['*'], transform },
      });
      assert.equal(created.status, 201);
      assert.equal(created.body.webhook.transform, transform);
      assert.equal((await patch({ transform })).body.webhook.transform, transform);
      const { body } = await tenant.call('GET', '/v1/audit-log');
      // It may hold a key, as that for PagerDuty does.
      assert.deepEqual(body.entries[0].changes.transform, { old: null, new: '[masked]' });
      assert.equal((await patch({ transform: null })).body.webhook.transform, null);
    });

    it('are refused with the position and the reason if they are not JSONata', async () => {
      const refused = await patch({ transform: '{"text": event' });
      assert.equal(refused.status, 400);
      const reason = 'Expected "}" before end of expression';
      assert.equal(refused.body.detail, `The transform fails at position 14: ${reason}.`);
      assert.deepEqual(refused.body.errors, [{ path: 'transform', message: `${reason} at position 14` }]);
      const created = await tenant.call('POST', '/v1/webhooks', {
        body: { url: 'https://example.com/', events: ['*'], transform: '{"text": event' },
      });
      assert.deepEqual([created.status, created.body.errors], [400, refused.body.errors]);
    });

    it('have at most 8 KB, and at least a word', async () => {
      const long = (bytes: number) => `"${'ä'.repeat((bytes - 2) / 2)}"`;
      assert.equal((await patch({ transform: long(8_192) })).status, 200);
      for (const transform of [long(8_194), '', ' \n', '"\0"', '"\ud800"', 1, ['event']]) {
        const refused = await patch({ transform });
        assert.equal(refused.status, 400, JSON.stringify(transform));
        assert.equal(refused.body.errors[0].path, 'transform');
      }
    });
  });

  describe('tried on an event', () => {
    it("are the webhook's, on the example of its first type, unless others are given", async () => {
      await patch({ transform: '{"type": event, "digit": data.digit, "id": $substring(event_id, 0, 5)}' });
      const example = await test();
      assert.equal(example.status, 200);
      assert.match(example.body.body, /^\{"type":"call\.dtmf","digit":".","id":"test_"\}$/);
      const given = { event_type: 'sms.received', payload: { body: 'Hi' }, transform: 'event & ": " & data.body' };
      assert.deepEqual((await test(given)).body, { body: '"sms.received: Hi"' });
      await patch({ events: ['*'], transform: 'data.webhook_id' });
      assert.deepEqual((await test()).body, { body: String(webhookId) });
    });

    it('show the event itself when there is none', async () => {
      for (const body of [undefined, { transform: null }])
        assert.equal(JSON.parse((await test(body)).body.body).event, 'call.dtmf');
    });

    it('are refused with the position and the reason if they fail', async () => {
      const cases: [transform: string, detail: string][] = [
        ['{"a": ', 'The transform fails at position 6: Expected "}" before end of expression.'],
        ['data.digit.none', 'The transform fails: The expression gives nothing for this event.'],
        ['$error("why")', 'The transform fails at position 7: why.'],
        ['($f := function(){ $f() }; $f())', 'The transform fails: The evaluation took more than 100 ms.'],
      ];
      for (const [transform, detail] of cases) {
        let refused = await test({ transform });
        // The machine was too busy to tell: the answer says when to ask again.
        for (; refused.status === 429; refused = await test({ transform }))
          await delay(1_000 * Number(refused.headers.get('retry-after')));
        assert.deepEqual([refused.status, refused.body.detail], [400, detail]);
        assert.equal(refused.body.errors[0].path, 'transform');
      }
    });

    it('are not tried on an event that is too large to be triggered', async () => {
      const payload = { digit: 'x'.repeat(300_000) };
      for (const call of ['transform/test', 'filter/test']) {
        const { status, body } = await tenant.call('POST', `/v1/webhooks/${webhookId}/${call}`, { body: { payload } });
        assert.equal(status, 413);
        assert.match(body.detail as string, /payload makes a body of 300\d{3} bytes; at most 262144 are sent/);
      }
    });

    it('need no webhook, but an event type', async () => {
      const call = (body: object) => tenant.call('POST', '/v1/transform/test', { body });
      const event = { event_type: 'sms.received', payload: { body: 'Hi' } };
      const made = await call({ transform: 'event & ": " & data.body', ...event });
      assert.deepEqual([made.status, made.body], [200, { body: '"sms.received: Hi"' }]);
      assert.equal(JSON.parse((await call({ transform: null, event_type: 'call.dtmf' })).body.body).event, 'call.dtmf');
      const failed = await call({ transform: '{"a": ', ...event });
      assert.equal(failed.body.detail, 'The transform fails at position 6: Expected "}" before end of expression.');
      for (const [body, field] of [
        [event, 'transform'],
        [{ transform: 'event' }, 'event_type'],
      ] as const) {
        const { status, body: problem } = await call(body);
        assert.deepEqual([status, problem.errors[0].path], [400, field]);
      }
      const raw = '{"event_type": "sms.received", "transform": "data.n", "payload": {"n": 1e400}}';
      const headers = { 'Content-Type': 'application/json' };
      const inexact = await tenant.call('POST', '/v1/transform/test', { raw, headers });
      assert.deepEqual([inexact.status, inexact.body.errors[0].path], [400, 'payload.n']);
    });

    it("are not found for another tenant's webhook", async () => {
      const other = await createTenant(api);
      assert.equal((await other.call('POST', `/v1/webhooks/${webhookId}/transform/test`)).status, 404);
    });

    it('say when too many are tried at the same time', async () => {
      const busy = {
        evaluate: async () => ({ kind: 'busy' as const }),
        checkSyntax: async () => ({ kind: 'busy' as const }),
      };
      const busyApi = await startApi({ databaseUrl: api.databaseUrl, transforms: busy });
      try {
        const path = `/v1/webhooks/${webhookId}`;
        for (const [method, route] of [
          ['POST', `${path}/transform/test`],
          ['PATCH', path],
        ] as const) {
          const refused = await busyApi.call(method, route, { key: tenant.key, body: { transform: 'event' } });
          assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '5']);
        }
      } finally {
        await busyApi.close();
      }
    });
  });

  describe('whose bodies are stored', () => {
    const storedBody = async (number = '+15551230001') => {
      const [id] = await triggerDtmf(api, tenant);
      await storeBody(db, id!, JSON.stringify({ made: number }));
      return id!;
    };
    const show = async (id: string) =>
      (await tenant.call('GET', `/v1/webhooks/${webhookId}/deliveries/${id}`)).body.delivery;

    it('are shown in place of the event', async () => {
      const [plain] = await triggerDtmf(api, tenant);
      const made = await show(await storedBody());
      assert.deepEqual([made.body, made.request_body_differs], ['{"made":"+15551230001"}', true]);
      const { body, request_body_differs: differs } = await show(plain!);
      assert.deepEqual([JSON.parse(body).event, differs], ['call.dtmf', false]);
    });

    it('forget a number, also one that the event does not hold', async () => {
      const [forgotten, kept] = [await storedBody('+4915112345678'), await storedBody('+4915112345679')];
      const expunged = await api.call('POST', '/v1/events/expunge', {
        body: { tenant_id: tenant.id, phone_number: '+4915112345678' },
      });
      assert.equal(expunged.status, 202);
      const { rows } = await api.pool.query('select delivery_id from webhook_bodies where delivery_id = any($1)', [
        [forgotten, kept],
      ]);
      assert.deepEqual(rows, [{ delivery_id: kept }]);
    });

    it('are exported with the tenant', async () => {
      const id = await storedBody();
      const response = await fetch(`${api.url}/v1/tenants/${tenant.id}/export`, {
        headers: { Authorization: 'Bearer a-key-for-tests-only' },
      });
      const lines = (await response.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const bodies = lines.filter(({ type }) => type === 'delivery_body');
      assert.equal(bodies.length, 1);
      assert.match(JSON.stringify(bodies[0]), new RegExp(id));
    });

    it('are removed when bodies are kept for less time than deliveries', async () => {
      const id = await storedBody();
      const days = { bodies: -1, attempts: 30, deliveries: 30, events: 30, calls: 30, messages: 30 };
      assert.ok((await removeBodies(db, [{ tenantId: tenant.id, unsent: 30, days }], 100)) > 0);
      const { rowCount } = await api.pool.query('select from webhook_bodies where delivery_id = $1', [id]);
      assert.equal(rowCount, 0);
    });
  });
});
