import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { deliveryDetailSchema } from '../../src/api/delivery-schemas.js';
import type { statisticsSchema, webhookSchema } from '../../src/api/webhook-schemas.js';
import { callCompleted, type Stack } from './stack.js';

// Tests check what matters to them in a response; other tests check its shape against the OpenAPI document.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

export interface ApiResponse {
  status: number;
  headers: Headers;
  /** Parsed; undefined if there is none. */
  body: Json;
}

/** Calls a stack's REST API with one key. A body is sent as JSON; bytes are sent as they are, but labelled JSON. */
export interface ApiClient {
  get(path: string): Promise<ApiResponse>;
  post(path: string, body?: unknown): Promise<ApiResponse>;
  put(path: string, body?: unknown): Promise<ApiResponse>;
  patch(path: string, body?: unknown): Promise<ApiResponse>;
  delete(path: string): Promise<ApiResponse>;
}

/** Uses the platform's key by default. */
export function createApiClient({ service, adminKey }: Stack, key = adminKey): ApiClient {
  const send = async (method: string, path: string, body?: unknown): Promise<ApiResponse> => {
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && {
        body: body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
      }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    put: (path, body) => send('PUT', path, body),
    patch: (path, body) => send('PATCH', path, body),
    delete: (path) => send('DELETE', path),
  };
}

export type DeliveryDetail = z.output<typeof deliveryDetailSchema>;

export interface WebhookDetail {
  webhook: z.output<typeof webhookSchema>;
  statistics: z.output<typeof statisticsSchema>;
}

export interface EventInput {
  event_type?: string;
  event_id?: string;
  payload?: unknown;
  occurred_at?: string;
}

/** A tenant of its own, with a key that may do what a tenant may. The named calls fail unless the response is 2xx. */
export interface TenantClient extends ApiClient {
  readonly tenantId: string;
  readonly key: string;
  /** Subscribed to everything unless `settings` says otherwise. */
  createWebhook(settings: { url: string } & Record<string, unknown>): Promise<{ id: number; secret: string }>;
  /**
   * Triggers an event with the platform's key, by default a call.completed. Returns its deliveries in webhook order.
   */
  trigger(event?: EventInput): Promise<string[]>;
  webhook(id: number): Promise<WebhookDetail>;
  delivery(webhookId: number, id: string): Promise<DeliveryDetail>;
}

export async function createTenantClient(stack: Stack): Promise<TenantClient> {
  const platform = createApiClient(stack);
  const { tenant } = ok(await platform.post('/v1/tenants', { name: 'Acme' }));
  const tenantId = tenant.id as string;
  const scopes = ['webhooks:read', 'webhooks:write'];
  const { key } = ok(await platform.post(`/v1/tenants/${tenantId}/api-keys`, { name: 'test', scopes }));
  const client = createApiClient(stack, key as string);
  return {
    ...client,
    tenantId,
    key: key as string,
    async createWebhook(settings) {
      const { webhook, secret } = ok(await client.post('/v1/webhooks', { events: ['*'], ...settings }));
      return { id: webhook.id as number, secret: secret as string };
    },
    async trigger(event = {}) {
      const { event_type = 'call.completed', event_id = randomUUID(), payload = callCompleted, ...rest } = event;
      const body = { tenant_id: tenantId, event_type, event_id, payload, ...rest };
      const { deliveries } = ok(await platform.post('/v1/events', body));
      return (deliveries as { id: string }[]).map(({ id }) => id);
    },
    webhook: async (id) => ok(await client.get(`/v1/webhooks/${id}`)) as WebhookDetail,
    delivery: async (webhookId, id) =>
      ok(await client.get(`/v1/webhooks/${webhookId}/deliveries/${id}`)).delivery as DeliveryDetail,
  };
}

function ok({ status, body }: ApiResponse): Json {
  assert.ok(status >= 200 && status <= 299, `the API answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
