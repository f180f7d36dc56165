import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import { createApp, type AppDeps } from '../../../src/api/app.js';
import type { StartableRecovery } from '../../../src/db/recoveries.js';
import type { SettlingWebhook } from '../../../src/db/settling.js';
import {
  recordAttempt,
  type AttemptRecord,
  type AttemptTarget,
  type AttemptVerdict,
} from '../../../src/db/attempts.js';
import { openDatabase } from '../../../src/db/database.js';
import type { BatchingWebhook } from '../../../src/db/batches.js';
import type { StartableDelivery, WokenDelivery } from '../../../src/db/events.js';
import type { UnverifiedWebhook } from '../../../src/db/verifications.js';
import { createAddressGuard } from '../../../src/delivery/address.js';
import { createLogger } from '../../../src/log.js';
import { createSealer, unnamedKey, type Sealer } from '../../../src/encryption/seal.js';
import type { DeliveryWorkflows } from '../../../src/temporal/workflows.js';
import { Transforms } from '../../../src/transform/transforms.js';
import { DeliveryStreams, type StreamLimits } from '../../../src/api/streams/delivery-streams.js';
import { createTestDatabase } from '../../support/database.js';
import { checkResponse } from './contract.js';

export const adminKey = 'a-key-for-tests-only';

/** What Temporal was told, in order. */
export class RecordedWorkflows implements DeliveryWorkflows {
  readonly started: StartableDelivery[] = [];
  readonly woken: WokenDelivery[] = [];
  readonly settled: SettlingWebhook[] = [];
  readonly recovered: StartableRecovery[] = [];
  readonly verified: UnverifiedWebhook[] = [];
  readonly collected: BatchingWebhook[] = [];

  start(deliveries: StartableDelivery[]): void {
    this.started.push(...deliveries);
  }

  wake(deliveries: WokenDelivery[]): void {
    this.woken.push(...deliveries);
  }

  startRecovered(deliveries: StartableDelivery[]): void {
    this.started.push(...deliveries);
  }

  recover(recoveries: StartableRecovery[]): void {
    this.recovered.push(...recoveries);
  }

  settle(webhooks: SettlingWebhook[]): void {
    this.settled.push(...webhooks);
  }

  verify(webhooks: UnverifiedWebhook[]): void {
    this.verified.push(...webhooks);
  }

  collect(webhooks: BatchingWebhook[]): void {
    this.collected.push(...webhooks);
  }
}

export interface Call {
  key?: string | null;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead. */
  raw?: string | Uint8Array;
  headers?: Record<string, string>;
}

// Tests say what they expect of an answer; its shape was checked against the OpenAPI document before they see it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

export interface ApiResponse {
  status: number;
  headers: Headers;
  body: Json;
}

export interface Api {
  url: string;
  databaseUrl: string;
  pool: pg.Pool;
  sealer: Sealer;
  workflows: RecordedWorkflows;
  streams: DeliveryStreams;
  /** One JSON object per line. */
  logLines: string[];
  /** By default with the admin key; a key of null sends none. Checks the answer against the OpenAPI document. */
  call(method: string, path: string, call?: Call): Promise<ApiResponse>;
  close(): Promise<void>;
}

export interface ApiOverrides extends Partial<AppDeps> {
  databaseUrl?: string;
  streamLimits?: Partial<StreamLimits>;
}

/** The API on a port of its own, over a database of its own unless `databaseUrl` names one. */
export async function startApi(overrides: ApiOverrides = {}): Promise<Api> {
  const { databaseUrl, streamLimits, ...deps } = overrides;
  const database = databaseUrl === undefined ? await createTestDatabase() : undefined;
  const db = openDatabase({ url: databaseUrl ?? database?.url ?? '', poolSize: 5 });
  const workflows = new RecordedWorkflows();
  const sealer = overrides.sealer ?? createSealer([unnamedKey(Buffer.alloc(32, 7))]);
  const logLines: string[] = [];
  const log = createLogger({ level: 'debug', format: 'json' }, { write: (line) => void logLines.push(line) });
  const transforms = new Transforms();
  const version = '1.2.3';
  const streams = new DeliveryStreams({ db, sealer, transforms, log, version }, { pollMs: 20, ...streamLimits });
  const app = createApp({
    db,
    streams,
    workflows,
    transforms,
    guard: createAddressGuard([]),
    allowHttp: false,
    requireVerification: false,
    sealer,
    adminKey,
    callsPerMinute: 0,
    temporalNamespace: 'default',
    log,
    version,
    isTemporalReachable: () => Promise.resolve(true),
    hasPendingMigrations: () => Promise.resolve(false),
    encryptionState: () => Promise.resolve('current'),
    ...deps,
  });
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    databaseUrl: databaseUrl ?? database?.url ?? '',
    pool: database?.pool as pg.Pool,
    sealer,
    workflows,
    streams,
    logLines,
    async call(method, path, { key = adminKey, body, raw, headers = {} } = {}) {
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(key !== null && { Authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(payload !== undefined && { body: payload as never }),
      });
      const text = await response.text();
      const contentType = response.headers.get('content-type');
      const parsed = parse(text, contentType);
      if (method !== 'HEAD')
        checkResponse(method, new URL(url + path).pathname, { status: response.status, contentType, body: parsed });
      return { status: response.status, headers: response.headers, body: parsed };
    },
    async close() {
      streams.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await transforms.close();
      await db.close();
      await database?.drop();
    },
  };
}

/** JSON lines as a list. */
function parse(text: string, contentType: string | null): unknown {
  if (text === '') return undefined;
  if (contentType?.startsWith('application/x-ndjson'))
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  return contentType?.includes('json') ? JSON.parse(text) : text;
}

export interface TestTenant {
  id: string;
  key: string;
  /** With the tenant's own key. */
  call(method: string, path: string, call?: Omit<Call, 'key'>): Promise<ApiResponse>;
}

/** A tenant and a key of its own that may read and write webhooks. */
export async function createTenant(api: Api, scopes = ['webhooks:read', 'webhooks:write']): Promise<TestTenant> {
  const { tenant } = (await api.call('POST', '/v1/tenants', { body: { name: 'Acme' } })).body as {
    tenant: { id: string };
  };
  const created = await api.call('POST', `/v1/tenants/${tenant.id}/api-keys`, { body: { name: 'test', scopes } });
  const { key } = created.body as { key: string };
  return { id: tenant.id, key, call: (method, path, call) => api.call(method, path, { ...call, key }) };
}

/** A webhook of the tenant, subscribed to everything unless `settings` says else; answers its id. */
export async function createWebhook(tenant: TestTenant, settings: Record<string, unknown> = {}): Promise<number> {
  const { body } = await tenant.call('POST', '/v1/webhooks', {
    body: { url: 'https://hooks.example.com/irisx', events: ['*'], ...settings },
  });
  return (body as { webhook: { id: number } }).webhook.id;
}

let lastEvent = 0;

/** Triggers a `call.dtmf` of the tenant; answers the delivery ids, in the order of the webhooks' ids. */
export async function triggerDtmf(
  api: Api,
  tenant: TestTenant,
  eventId = `event-${(lastEvent += 1)}`,
): Promise<string[]> {
  const { body } = await api.call('POST', '/v1/events', {
    body: {
      tenant_id: tenant.id,
      event_type: 'call.dtmf',
      event_id: eventId,
      payload: { call_sid: 'call-1', digit: '5', timestamp: '2025-10-29T12:00:00Z' },
    },
  });
  return (body as { deliveries: { id: string }[] }).deliveries.map(({ id }) => id);
}

interface Answer {
  statusCode: number;
  verdict: AttemptVerdict;
  durationMs?: number;
  responseHeaders?: Record<string, string>;
  target?: AttemptTarget;
}

/** Records an attempt of a delivery, as the worker does. */
export async function recordAnswer(api: Api, deliveryId: string, answer: Answer): Promise<void> {
  await recordAttempt(api.pool, recordOf(deliveryId, answer));
}

/** What the worker records of an attempt. */
export function recordOf(deliveryId: string, answer: Answer): AttemptRecord {
  const { statusCode, verdict, durationMs = 100, responseHeaders = { 'content-type': 'text/plain' } } = answer;
  return {
    deliveryId,
    requestId: randomUUID(),
    number: 1,
    targetVersion: 0,
    startedAt: new Date().toISOString(),
    durationMs,
    statusCode,
    requestHeaders: { 'X-IRISX-Attempt': '1', 'X-IRISX-Signature': 'sha256=0123', 'X-Api-Key': 'k-123' },
    responseHeaders,
    responseBody: 'ok',
    responseTruncated: false,
    error: verdict === 'delivered' ? null : { class: 'http_status', message: `the receiver answered ${statusCode}` },
    verdict,
    retryWaitMs: 1000,
    disabledReason: verdict === 'gone' ? 'the receiver answered 410 Gone' : null,
    token: null,
    elapsedMs: 0,
    target: answer.target ?? 'primary',
  };
}
