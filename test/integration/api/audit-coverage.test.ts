import assert from 'node:assert/strict';
import { endpoints } from '../../../src/api/app.js';
import { createOpenApiDocument } from '../../../src/api/http/openapi.js';
import { webhookChangeSchema } from '../../../src/api/webhook-schemas.js';
import { shownFields } from '../../../src/db/audit.js';
import { enterPortal } from './browser.js';
import {
  createTenant,
  createWebhook,
  startApi,
  triggerDtmf,
  type Api,
  type ApiResponse,
  type TestTenant,
} from './fixture.js';

/** Calls that are no change for the audit log, and why. */
const unaudited: Record<string, string> = {
  createConsoleSession: 'the operator acts as its key, whose calls are the record',
  deleteConsoleSession: 'the operator acts as its key, whose calls are the record',
  createEvent: 'the events themselves are the record',
  createEvents: 'the events themselves are the record',
  sendMessage: 'the messages themselves are the record',
  testFilter: 'changes nothing',
  testNewFilter: 'changes nothing',
  testNewTransform: 'changes nothing',
  testWebhook: 'changes no setting; the delivery is the record',
  testTransform: 'changes nothing',
};

const everySetting = {
  url: 'https://hooks.example.com',
  events: ['*'],
  description: 'x',
  headers: { 'X-A': 'b' },
  filter: { event: 'call.dtmf' },
  ttl_seconds: { '*': 60 },
  fallback_url: 'https://standby.example.com',
  transform: 'event',
  enabled: true,
};

describe('every call that changes something', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhook: number;
  before(async () => void (api = await startApi()));
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhook = await createWebhook(tenant);
  });

  const assign = (phone_number: string) =>
    api.call('POST', '/v1/phone-numbers', { body: { tenant_id: tenant.id, phone_number } });
  const newKey = (path: string, scope: string) => api.call('POST', path, { body: { name: 'x', scopes: [scope] } });
  const createRecovery = () =>
    tenant.call('POST', `/v1/webhooks/${webhook}/recoveries`, { body: { statuses: ['failed'] } });
  const ofTenant = (path: string) => `/v1/tenants/${tenant.id}/${path}`;

  /** One call by operation id that changes something, with what it needs, and the action that it records. */
  const calls: Record<string, () => Promise<{ action: string; call: () => Promise<ApiResponse> }>> = {
    createTenant: async () => ({
      action: 'tenant.created',
      call: () => api.call('POST', '/v1/tenants', { body: { name: 'Acme' } }),
    }),
    setQuotas: async () => ({
      action: 'tenant.quotas_set',
      call: () => api.call('PUT', ofTenant('quotas'), { body: { webhooks: 3 } }),
    }),
    setLimits: async () => ({
      action: 'tenant.limits_set',
      call: () => api.call('PUT', ofTenant('limits'), { body: { call_minutes: 3 } }),
    }),
    setRetention: async () => ({
      action: 'tenant.retention_set',
      call: () => api.call('PUT', ofTenant('retention'), { body: { bodies: 7 } }),
    }),
    expungeEvents: async () => ({
      action: 'tenant.events_expunged',
      call: () => api.call('POST', '/v1/events/expunge', { body: { tenant_id: tenant.id, event_id: 'x' } }),
    }),
    deleteTenant: async () => ({
      action: 'tenant.deleted',
      call: () => api.call('DELETE', `/v1/tenants/${tenant.id}?confirm=Acme`),
    }),
    createTenantApiKey: async () => ({
      action: 'api_key.created',
      call: () => newKey(ofTenant('api-keys'), 'webhooks:read'),
    }),
    deleteTenantApiKey: async () => {
      const { body } = await newKey(ofTenant('api-keys'), 'webhooks:read');
      return {
        action: 'api_key.deleted',
        call: () => api.call('DELETE', ofTenant(`api-keys/${body.api_key.id}`)),
      };
    },
    createApiKey: async () => ({ action: 'api_key.created', call: () => newKey('/v1/api-keys', 'events:write') }),
    deleteApiKey: async () => {
      const { body } = await newKey('/v1/api-keys', 'events:write');
      return { action: 'api_key.deleted', call: () => api.call('DELETE', `/v1/api-keys/${body.api_key.id}`) };
    },
    createPortalLink: async () => ({
      action: 'portal_link.created',
      call: () => api.call('POST', ofTenant('portal-links')),
    }),
    deletePortalSession: async () => {
      const portal = await enterPortal(api, tenant.id);
      return { action: 'portal_session.ended', call: () => portal.call('DELETE', '/v1/portal/session') };
    },
    endPortalSession: async () => {
      const { id } = await enterPortal(api, tenant.id);
      return {
        action: 'portal_session.ended',
        call: () => api.call('DELETE', ofTenant(`portal-sessions/${id}`)),
      };
    },
    endPortalSessions: async () => {
      await enterPortal(api, tenant.id);
      return { action: 'portal_session.ended', call: () => api.call('DELETE', ofTenant('portal-sessions')) };
    },
    assignPhoneNumber: async () => ({ action: 'phone_number.assigned', call: () => assign('+15557654321') }),
    releasePhoneNumber: async () => {
      const { body } = await assign('+15557654322');
      return {
        action: 'phone_number.released',
        call: () => api.call('DELETE', `/v1/phone-numbers/${body.phone_number.id}`),
      };
    },
    createWebhook: async () => ({
      action: 'webhook.created',
      call: () => tenant.call('POST', '/v1/webhooks', { body: { url: 'https://hooks.example.com', events: ['*'] } }),
    }),
    updateWebhook: async () => ({
      action: 'webhook.updated',
      call: () => tenant.call('PATCH', `/v1/webhooks/${webhook}`, { body: { max_retries: 1 } }),
    }),
    deleteWebhook: async () => ({
      action: 'webhook.deleted',
      call: () => tenant.call('DELETE', `/v1/webhooks/${webhook}`),
    }),
    rotateSecret: async () => ({
      action: 'webhook.secret_rotated',
      call: () => tenant.call('POST', `/v1/webhooks/${webhook}/rotate-secret`),
    }),
    verifyWebhook: async () => {
      await api.pool.query(`update webhooks set verification = 'pending', verification_error = 'no' where id = $1`, [
        webhook,
      ]);
      return {
        action: 'webhook.verification_requested',
        call: () => tenant.call('POST', `/v1/webhooks/${webhook}/verify`),
      };
    },
    retryDelivery: async () => {
      const [delivery] = await triggerDtmf(api, tenant);
      return {
        action: 'delivery.retried',
        call: () => tenant.call('POST', `/v1/webhooks/${webhook}/deliveries/${delivery}/retry`),
      };
    },
    revealDelivery: async () => {
      const [delivery] = await triggerDtmf(api, tenant);
      return {
        action: 'delivery.revealed',
        call: () => api.call('POST', `/v1/webhooks/${webhook}/deliveries/${delivery}/reveal`),
      };
    },
    revealEvent: async () => {
      await triggerDtmf(api, tenant);
      const { events } = (await tenant.call('GET', '/v1/events?limit=1')).body;
      return { action: 'event.revealed', call: () => api.call('POST', `/v1/events/${events[0].id}/reveal`) };
    },
    createRecovery: async () => ({ action: 'recovery.created', call: createRecovery }),
    cancelRecovery: async () => {
      const { body } = await createRecovery();
      return {
        action: 'recovery.cancelled',
        call: () => tenant.call('DELETE', `/v1/webhooks/${webhook}/recoveries/${body.recovery.id}`),
      };
    },
  };

  const document = createOpenApiDocument(endpoints, '1.0.0');
  const mutating = Object.values(document.paths ?? {}).flatMap((item) =>
    Object.entries(item as Record<string, { operationId: string }>)
      .filter(([method]) => method !== 'get')
      .map(([, { operationId }]) => operationId),
  );

  for (const operationId of mutating) {
    if (operationId in unaudited) continue;
    it(`is in the audit log: ${operationId}`, async () => {
      const prepare = calls[operationId];
      assert.ok(
        prepare,
        `${operationId} is new: call \`audit\` in its transaction and add it to \`calls\` here, or say in \`unaudited\` why not`,
      );
      const { action, call } = await prepare();
      const count = async () =>
        (await api.pool.query<{ action: string }>('select action from audit_entries order by created_at')).rows;
      const before = await count();
      const { status } = await call();
      assert.ok(status < 300, `${status}`);
      assert.deepEqual(
        (await count()).slice(before.length).map((row) => row.action),
        [action],
      );
    });
  }

  it('shows every setting of a webhook in the audit log, except the values of headers and transforms', async () => {
    const settings = Object.keys(webhookChangeSchema.shape);
    assert.deepEqual(
      settings.filter((setting) => !shownFields.webhook.includes(setting)),
      ['headers', 'transform'],
    );
    // A webhook with a transform gets no batches.
    const { transform, ...others } = everySetting;
    await tenant.call('POST', '/v1/webhooks', { body: { ...others, transform } });
    await tenant.call('POST', '/v1/webhooks', { body: { ...others, batch: { max_events: 2, max_wait_seconds: 1 } } });
    const { entries } = (await tenant.call('GET', '/v1/audit-log?limit=2')).body;
    const shown = new Set(entries.flatMap(({ changes }: { changes: object }) => Object.keys(changes)));
    assert.deepEqual([...shown].sort(), settings.sort());
  });

  it('is listed once, and nothing else is', () => {
    assert.deepEqual([...Object.keys(calls), ...Object.keys(unaudited)].sort(), [...mutating].sort());
  });
});
