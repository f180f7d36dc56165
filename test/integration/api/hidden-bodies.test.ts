import assert from 'node:assert/strict';
import { endpoints } from '../../../src/api/app.js';
import { answersAtLength } from '../../../src/api/http/hide-bodies.js';
import { isTenantScope } from '../../../src/api/http/authenticate.js';
import { recordAttempt } from '../../../src/db/attempts.js';
import { failureText } from '../../../src/delivery/transform-error.js';
import { accountSid } from '../../support/contract-twilio.js';
import { assignNumber } from '../../support/sms-events.js';
import { publicBaseUrl } from '../../support/twilio-callback.js';
import { Browser, enterPortal } from './browser.js';
import {
  adminKey,
  createTenant,
  createWebhook,
  recordOf,
  startApi,
  triggerDtmf,
  type Api,
  type ApiResponse,
  type Call,
  type TestTenant,
} from './fixture.js';

const number = '+15557654321';
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

/** In everything that nobody but the tenant is to see. */
const secret = 'Dear Ms. Smith';

describe("an operator's session", () => {
  let api: Api;
  let tenant: TestTenant;
  let operator: (method: string, path: string, call?: Omit<Call, 'key'>) => Promise<ApiResponse>;
  let params: Record<string, string | number>;

  before(async () => {
    const messages = { accountSid, accounts: [], publicBaseUrl, workflows: { startMessage: () => undefined } };
    api = await startApi({ messages });
    tenant = await createTenant(api, ['webhooks:read', 'webhooks:write', 'messages:write']);
    const webhook = await createWebhook(tenant);
    const { event, deliveries } = (
      await api.call('POST', '/v1/events', {
        body: {
          tenant_id: tenant.id,
          event_type: 'call.dtmf',
          event_id: 'event-1',
          payload: { call_sid: 'call-1', digit: '5', timestamp: '2025-10-29T12:00:00Z', note: secret },
        },
      })
    ).body;
    const delivery = deliveries[0].id as string;
    const record = {
      ...recordOf(delivery, { statusCode: 500, verdict: 'retry', responseHeaders: { 'x-greeting': secret } }),
      requestHeaders: { 'X-Greeting': secret },
      responseBody: secret,
    };
    await recordAttempt(api.pool, record);
    const message = failureText({ message: `a value: "${secret}"`, position: 3 });
    const { requestId } = recordOf(delivery, { statusCode: 500, verdict: 'retry' });
    const failed = { requestId, number: 2, statusCode: null, error: { class: 'transform' as const, message } };
    await recordAttempt(api.pool, { ...record, ...failed });
    await api.pool.query("update webhook_health set state = 'failing'");
    await assignNumber(api.pool, tenant.id, number);
    const sent = await tenant.call('POST', '/v1/messages', {
      body: {
        to: '+15551234567',
        from: number,
        body: secret,
        media_urls: [`https://example.com/${encodeURI(secret)}`],
      },
    });
    assert.equal(sent.status, 202);
    const recovery = await tenant.call('POST', `/v1/webhooks/${webhook}/recoveries`, {
      body: { statuses: ['failed'] },
    });

    const browser = new Browser(api);
    const { session } = (await browser.call(null, 'POST', '/v1/console/session', { body: { key: adminKey } })).body;
    operator = (method, path, call) => browser.call(session.csrf_token as string, method, path, call);
    params = {
      tenant_id: tenant.id,
      webhook_id: webhook,
      delivery_id: delivery,
      id: event.id,
      event_id: event.id,
      message_id: sent.body.message.id,
      recovery_id: recovery.body.recovery.id,
    };
  });
  after(() => api.close());

  const pathOf = ({ path, access, tenantInPath }: (typeof endpoints)[number]) => {
    const filled = path.replace(/:(\w+)/g, (_, name: string) => String(params[name]));
    const namesTenant = isTenantScope(access) && !tenantInPath;
    return filled + (namesTenant ? `?tenant_id=${tenant.id}` : path.endsWith('/search') ? '?q=event-1' : '');
  };
  const reading = endpoints.filter(
    ({ method, path }) => method === 'get' && path.startsWith('/v1/') && !path.endsWith('/session'),
  );
  const holdsSecret = ({ body }: ApiResponse) => {
    const text = JSON.stringify(body);
    return text.includes(secret) || text.includes(encodeURI(secret));
  };

  it('reads everything without the bodies that a key gets to see', async () => {
    const withSecret: string[] = [];
    for (const endpoint of reading.filter((endpoint) => !answersAtLength(endpoint))) {
      const path = pathOf(endpoint);
      const [hidden, shown] = [await operator('GET', path), await api.call('GET', path)];
      assert.deepEqual([hidden.status, shown.status], [200, 200], path);
      assert.ok(!holdsSecret(hidden), `${path} shows it: ${JSON.stringify(hidden.body)}`);
      if (holdsSecret(shown)) withSecret.push(endpoint.operationId);
    }
    assert.deepEqual(withSecret.sort(), [
      'getDelivery',
      'getEvent',
      'getMessage',
      'getWebhook',
      'listAllDeliveries',
      'listAttempts',
      'listDeliveries',
      'listMessages',
      'listReceiversInTrouble',
      'listWebhooks',
    ]);
  });

  it('gets no streams and no exports, which hide nothing', async () => {
    const before = await actions();
    for (const endpoint of reading.filter(answersAtLength)) {
      const { status, body } = await operator('GET', pathOf(endpoint));
      assert.deepEqual([status, /Make this call with an API key/.test(body.detail as string)], [403, true]);
    }
    assert.deepEqual(await actions(), before);
  });

  it('gets the bodies of a delivery or an event when it asks for them, and the audit log says so first', async () => {
    const { webhook_id: webhook, delivery_id: delivery, event_id: event } = params;
    const delivered = await operator('POST', `/v1/webhooks/${webhook}/deliveries/${delivery}/reveal`);
    const shown = await tenant.call('GET', `/v1/webhooks/${webhook}/deliveries/${delivery}`);
    assert.deepEqual([delivered.status, delivered.body], [200, shown.body]);
    const happened = await operator('POST', `/v1/events/${event}/reveal`);
    assert.deepEqual([happened.status, happened.body], [200, (await tenant.call('GET', `/v1/events/${event}`)).body]);
    assert.ok(holdsSecret(delivered) && holdsSecret(happened));
    const { entries } = (await tenant.call('GET', '/v1/audit-log?limit=2')).body;
    assert.deepEqual(
      entries.map(({ action, subject, actor }: Json) => [action, subject.id, actor.name]),
      [
        ['event.revealed', event, 'IRISX_ADMIN_KEY (console)'],
        ['delivery.revealed', delivery, 'IRISX_ADMIN_KEY (console)'],
      ],
    );
    await api.pool.query("alter table audit_entries add check (action !~ 'revealed') not valid");
    try {
      for (const path of [`/v1/webhooks/${webhook}/deliveries/${delivery}/reveal`, `/v1/events/${event}/reveal`])
        assert.equal((await operator('POST', path)).status, 500, 'without an entry nothing is shown');
    } finally {
      await api.pool.query('alter table audit_entries drop constraint audit_entries_action_check1');
    }
  });

  it('reveals nothing that does not exist, or of a tenant that was deleted', async () => {
    const other = await createTenant(api);
    const webhook = await createWebhook(other);
    const [delivery = ''] = await triggerDtmf(api, other);
    const { events } = (await other.call('GET', '/v1/events')).body;
    const paths = [`/v1/webhooks/${webhook}/deliveries/${delivery}/reveal`, `/v1/events/${events[0].id}/reveal`];
    assert.equal(
      (await operator('POST', `/v1/webhooks/${params['webhook_id']}/deliveries/${delivery}/reveal`)).status,
      404,
    );
    await api.call('DELETE', `/v1/tenants/${other.id}?confirm=Acme`);
    const before = await actions();
    for (const path of paths) assert.equal((await operator('POST', path)).status, 404);
    assert.deepEqual(await actions(), before);
    for (const path of paths)
      assert.equal((await tenant.call('POST', path)).status, 403, 'never with a key of a tenant');
  });

  it('sees what it sends itself to try a transform', async () => {
    const body = { transform: 'data.note', event_type: 'call.dtmf', payload: { note: secret } };
    const tried = await operator('POST', `/v1/webhooks/${params['webhook_id']}/transform/test?tenant_id=${tenant.id}`, {
      body,
    });
    assert.deepEqual([tried.status, tried.body], [200, { body: JSON.stringify(secret) }]);
  });

  it("is no tenant's session, which sees its own bodies", async () => {
    const portal = await enterPortal(api, tenant.id);
    assert.ok(holdsSecret(await portal.call('GET', `/v1/events/${params['event_id']}`)));
  });

  const actions = async () =>
    (await api.pool.query<{ action: string }>('select action from audit_entries order by id')).rows;
});
