import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { Pool } from 'undici';
import { findFreePort } from '../src/dev/embedded/ports.js';
import { inParallel } from './load.js';
import { CpuMeter } from './process-usage.js';
import type { FloodKind } from './receiver.js';
import type { Receiver } from './receiver-process.js';
import type { Servers } from './servers.js';
import { startService, type ServiceProcess } from './service-process.js';
import { startSqlCounter, type SqlCounter } from './sql-counter.js';
import { waitFor } from '../test/support/wait-for.js';

export interface BenchWebhook {
  id: number;
  /** The path of its url at the receiver. */
  path: string;
}

export interface WebhookSettings {
  events: string[];
  /** How long the receiver takes to respond; default: no time. */
  hangMs?: number;
  /** What the receiver sends forever instead of a response. */
  flood?: FloodKind;
  /** Default: the receiver's. */
  origin?: string;
  /** Default null: no limit. */
  rateLimitPerMinute?: number | null;
  rateLimitPerHour?: number | null;
  /** Default: the service's. */
  timeoutMs?: number;
}

export interface BenchTenant {
  id: string;
  addWebhook(settings: WebhookSettings): Promise<BenchWebhook>;
  /** Calls to the API with the tenant's key; reject unless the response is 2xx. */
  get<Result>(path: string): Promise<Result>;
  /** The text of a response: parsing a large one is not the service's time. */
  getText(path: string): Promise<string>;
  post<Result>(path: string, body: unknown): Promise<Result>;
  /** Assigns a number, from which the tenant can send messages. */
  addNumber(phoneNumber: string): Promise<void>;
}

/** The product on a database and a task queue of its own, driven over its public API. */
export interface Rig {
  service: ServiceProcess;
  receiver: Receiver;
  taskQueue: string;
  /** For what the API does not show, and for floors. The service has connections of its own. */
  db: pg.Pool;
  /** A client of the Temporal server that the service uses. */
  temporal: Client;
  temporalPid: number | undefined;
  metricsAddress: string;
  /** Only with `countSql`. */
  sql: SqlCounter | undefined;
  addTenant(): Promise<BenchTenant>;
  /** `POST /v1/events` with the catalogue's example; rejects unless the response is 201. */
  trigger(tenantId: string, eventType: string, eventId: string): Promise<void>;
  eventTypes: readonly string[];
  /** Resolves when no delivery is pending and no workflow of one runs. */
  settled(timeoutMs?: number): Promise<void>;
  /** CPU time of the service, Temporal and Postgres, including their child processes. */
  cpu(): CpuMeter<'service' | 'temporal' | 'postgres'>;
  close(): Promise<void>;
}

export interface RigOptions {
  /** A Temporal of its own, for measurements that leave much behind. */
  ownTemporal?: boolean;
  /** The service's statements go through a counter. That takes time, so not for latencies. */
  countSql?: boolean;
  /** The service sends messages, through the Twilio that the receiver plays. */
  messages?: boolean;
}

/** Resolves when the first delivery has arrived, so that the worker polls. */
export async function openRig(
  servers: Servers,
  receiver: Receiver,
  node: string,
  options: RigOptions = {},
): Promise<Rig> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const server = options.ownTemporal ? await servers.newTemporal() : servers.temporal;
    if (options.ownTemporal) closers.push(() => server.stop());
    const database = await servers.newDatabase();
    closers.push(() => database.drop());
    const db = new pg.Pool({ connectionString: database.url, max: 20 });
    // Dropping the database cuts these connections at the end.
    db.on('error', () => undefined);
    closers.push(() => db.end());
    const connection = await Connection.connect({ address: server.address });
    closers.push(() => connection.close());
    const temporal = new Client({ connection, namespace: server.namespace });
    const taskQueue = `bench-${randomUUID()}`;
    if (server.pid === undefined) closers.push(() => clearAway(temporal, taskQueue));

    const sql = options.countSql ? await startSqlCounter(database.url) : undefined;
    if (sql) closers.push(() => sql.close());
    const adminKey = `bench_${randomBytes(24).toString('base64url')}`;
    const metricsAddress = `127.0.0.1:${await findFreePort()}`;
    const service = await startService({
      node,
      compiled: servers.compiled,
      env: {
        DATABASE_URL: sql?.url ?? database.url,
        TEMPORAL_ADDRESS: server.address,
        TEMPORAL_NAMESPACE: server.namespace,
        TEMPORAL_TASK_QUEUE: taskQueue,
        TEMPORAL_METRICS_ADDRESS: metricsAddress,
        IRISX_ADMIN_KEY: adminKey,
        IRISX_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
        API_CALLS_PER_MINUTE: '0',
        // Some measurements fill in a year, of which nothing may be removed meanwhile.
        RETENTION_DAYS: '400',
        ...(options.messages && {
          PUBLIC_BASE_URL: receiver.url,
          TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
          TWILIO_AUTH_TOKEN: 'bench',
          TWILIO_API_BASE_URL: receiver.url,
        }),
        WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
        WEBHOOK_ALLOW_HTTP: 'true',
      },
      logFile: path.join(servers.folder, `service-${taskQueue}.log`),
    });
    closers.push(() => service.stop());
    const api = new Pool(service.url, { connections: 64, keepAliveTimeout: 60_000 });
    closers.push(() => api.destroy());

    const { call, callForText } = callsOf(api);
    const catalogue = await call<{ event_types: { name: string; example: unknown }[] }>('GET', '/v1/event-types');
    const examples = new Map(catalogue.event_types.map(({ name, example }) => [name, example]));
    // Like an event source: a key of its own, which the API looks up in Postgres for every call.
    const { key: sourceKey } = await call<{ key: string }>('POST', '/v1/api-keys', adminKey, {
      name: 'bench',
      scopes: ['events:write'],
    });

    const rig: Rig = {
      service,
      receiver,
      taskQueue,
      db,
      temporal,
      temporalPid: server.pid,
      metricsAddress,
      sql,
      eventTypes: [...examples.keys()],
      async addTenant() {
        const made = await call<{ tenant: { id: string } }>('POST', '/v1/tenants', adminKey, { name: 'Bench' });
        const { id } = made.tenant;
        const { key } = await call<{ key: string }>('POST', `/v1/tenants/${id}/api-keys`, adminKey, {
          name: 'bench',
          scopes: ['webhooks:read', 'webhooks:write', 'messages:write'],
        });
        return {
          id,
          get: (path) => call('GET', path, key),
          getText: (path) => callForText('GET', path, key),
          post: (path, body) => call('POST', path, key, body),
          async addNumber(phoneNumber) {
            await call('POST', '/v1/phone-numbers', adminKey, { tenant_id: id, phone_number: phoneNumber });
          },
          async addWebhook(settings) {
            const own = `/${randomUUID()}`;
            const path = `${behaviour(settings)}${own}`;
            const { webhook } = await call<{ webhook: { id: number } }>('POST', '/v1/webhooks', key, {
              url: `${settings.origin ?? receiver.url}${path}`,
              events: settings.events,
              rate_limit_per_minute: settings.rateLimitPerMinute ?? null,
              rate_limit_per_hour: settings.rateLimitPerHour ?? null,
              ...(settings.timeoutMs !== undefined && { timeout_ms: settings.timeoutMs }),
            });
            return { id: webhook.id, path };
          },
        };
      },
      async trigger(tenantId, eventType, eventId) {
        await call('POST', '/v1/events', sourceKey, {
          tenant_id: tenantId,
          event_type: eventType,
          event_id: eventId,
          payload: examples.get(eventType),
        });
      },
      async settled(timeoutMs = 120_000) {
        const open = async () => {
          service.assertRunning();
          const { rows } = await db.query("select from webhook_deliveries where status = 'pending' limit 1");
          return rows.length > 0;
        };
        await waitFor(async () => !(await open()), { what: 'no delivery to be pending', intervalMs: 50, timeoutMs });
        const running = `TaskQueue = "${taskQueue}" and WorkflowType = "deliverEvent" and ExecutionStatus = "Running"`;
        await waitFor(async () => (await temporal.workflow.count(running)).count === 0, {
          what: 'no workflow of a delivery to run',
          intervalMs: 50,
          timeoutMs,
        });
      },
      cpu: () => new CpuMeter({ service: service.pid, temporal: server.pid, postgres: servers.postgresPid }),
      close,
    };
    await firstDelivery(rig);
    return rig;
  } catch (error) {
    await close();
    throw error;
  }
}

/** The beginning of the path, which tells the receiver what to do. */
function behaviour({ hangMs, flood }: WebhookSettings): string {
  if (flood) return `/flood/${flood}`;
  return hangMs === undefined ? '' : `/hang/${hangMs}`;
}

function callsOf(api: Pool) {
  type Call = [method: 'GET' | 'POST', path: string, key?: string, body?: unknown];
  async function callForText(...[method, path, key, body]: Call): Promise<string> {
    const response = await api.request({
      method,
      path,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    if (
      response.statusCode < 200 ||
      response.statusCode >= 300 ||
      (path === '/v1/events' && response.statusCode !== 201)
    )
      throw new Error(`${method} ${path} answered ${response.statusCode}: ${text.slice(0, 300)}`);
    return text;
  }
  const call = async <Result>(...request: Call) => JSON.parse(await callForText(...request)) as Result;
  return { call, callForText };
}

/** The worker connects in the background without a sign. A delivery that arrives proves that it polls. */
async function firstDelivery(rig: Rig): Promise<void> {
  const tenant = await rig.addTenant();
  const { path } = await tenant.addWebhook({ events: ['*'] });
  await rig.trigger(tenant.id, rig.eventTypes[0]!, 'first');
  await rig.receiver.whenArrived(path, 'first');
}

/** Removes our Schedules and waiting workflows from a server that is not ours to stop. */
async function clearAway(temporal: Client, taskQueue: string): Promise<void> {
  for await (const { scheduleId } of temporal.schedule.list()) {
    if (scheduleId.startsWith(taskQueue)) await temporal.schedule.getHandle(scheduleId).delete();
  }
  const left: string[] = [];
  for await (const { workflowId } of temporal.workflow.list({
    query: `TaskQueue = "${taskQueue}" and ExecutionStatus = "Running"`,
  })) {
    left.push(workflowId);
  }
  await inParallel({ count: left.length, concurrency: 20 }, (index) =>
    temporal.workflow
      .getHandle(left[index]!)
      .terminate('the benchmark has ended')
      .catch(() => undefined),
  );
}
