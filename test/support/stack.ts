import { randomBytes, randomUUID } from 'node:crypto';
import { Client, Connection, ScheduleNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { retentionOf } from '../../src/config/retention.js';
import type { Config } from '../../src/config/service.js';
import { createSecret } from '../../src/delivery/signature.js';
import type { GivenPayload } from '../../src/events/event-types.js';
import { createLogger, type LogDestination } from '../../src/log.js';
import { createSealer, unnamedKey } from '../../src/encryption/seal.js';
import { sealContext } from '../../src/encryption/seal-context.js';
import { openService, type Service, type ServiceParts, type ServiceTimes } from '../../src/server/open-service.js';
import { expectedSchedules } from '../../src/temporal/setup.js';
import { deliveryWorkflowId } from '../../src/temporal/start-workflows.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { insertTenant, insertWebhook, type WebhookRow } from './rows.js';

export interface Stack {
  config: Config;
  service: Service;
  database: TestDatabase;
  /** A client of the same Temporal server. */
  temporal: Client;
  adminKey: string;
  /** Opens a further API and worker, as another process would, on the same database and task queue. */
  openAnother(parts: ServiceParts, changes?: Partial<Config>): Promise<Service>;
  insertTenant(): Promise<string>;
  /** A webhook with a secret that the worker can open. */
  insertWebhook(tenantId: string, row: Partial<WebhookRow> & { url: string }): Promise<{ id: number; secret: string }>;
  /** Triggers a call.completed with that event id; resolves to the ids of its deliveries. */
  trigger(tenantId: string, eventId?: string): Promise<string[]>;
  delivery(id: string): Promise<DeliveryState>;
  /** The workflow of a delivery, whether it runs or not. */
  workflow(deliveryId: string): Promise<WorkflowHandle>;
  close(): Promise<void>;
}

export interface DeliveryState {
  status: string;
  attempt_count: number;
  next_attempt_at: Date | null;
  holds_token: boolean;
  workflow_started_at: Date | null;
  error_class: string | null;
  error_message: string | null;
  status_code: number | null;
}

const env = (name: string) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with npm test -- <file>`);
  return value;
};

/** The product on a database, a task queue and a port of its own, with loopback receivers allowed. */
export async function startStack(
  options: {
    parts?: ServiceParts;
    temporalAddress?: string;
    config?: Partial<Config>;
    times?: ServiceTimes;
    /** Instead of one of its own. */
    database?: TestDatabase;
    /** Where its log goes, instead of standard output. */
    log?: LogDestination;
  } = {},
): Promise<Stack> {
  const database = options.database ?? (await createTestDatabase());
  const adminKey = `test_${randomUUID()}`;
  const config: Config = {
    databaseUrl: database.url,
    databasePoolSize: 10,
    databasePreparedStatements: true,
    temporal: {
      address: options.temporalAddress ?? env('TEST_TEMPORAL_ADDRESS'),
      namespace: 'default',
      taskQueue: `test-${randomUUID()}`,
    },
    api: { host: '127.0.0.1', port: 0, callsPerMinute: 0 },
    adminKey,
    encryptionKeys: [unnamedKey(randomBytes(32))],
    allowedNetworks: ['127.0.0.0/8', '::1/128'],
    allowHttp: true,
    requireVerification: false,
    maxRetryAfterMs: 3_600_000,
    retention: retentionOf({ RETENTION_DAYS: 30 }),
    auditRetentionDays: 400,
    statisticsRetentionDays: 400,
    log: { level: (process.env['TEST_LOG_LEVEL'] as Config['log']['level'] | undefined) ?? 'error', format: 'pretty' },
    ...options.config,
  };
  const log = createLogger(config.log, options.log);
  const opened: Service[] = [];
  const open = async (parts: ServiceParts, changes: Partial<Config> = {}) => {
    const service = await openService({ ...config, ...changes }, log, parts, options.times);
    opened.push(service);
    return service;
  };
  const service = await open(options.parts ?? { api: true, worker: true });
  if (!options.temporalAddress) await service.ready;
  const connection = Connection.lazy({ address: config.temporal.address });
  const temporal = new Client({ connection, namespace: config.temporal.namespace });
  const sealer = createSealer(config.encryptionKeys);
  const { pool } = database;
  return {
    config,
    service,
    database,
    temporal,
    adminKey,
    openAnother: open,
    insertTenant: () => insertTenant(pool),
    async insertWebhook(tenantId, row) {
      const secret = createSecret();
      // With the sealed secret in the insert: a process that starts meanwhile would refuse one that it cannot open.
      const sealedSecret = sealer.seal(secret, sealContext.secret(tenantId));
      return { id: await insertWebhook(pool, tenantId, { ...row, sealedSecret }), secret };
    },
    async trigger(tenantId, eventId = randomUUID()) {
      const { deliveries } = await service.triggerEvent({
        tenantId,
        eventType: 'call.completed',
        eventId,
        payload: callCompleted,
      });
      return deliveries.map((delivery) => delivery.id);
    },
    async delivery(id) {
      const { rows } = await pool.query<DeliveryState>(
        `select d.status, d.attempt_count, d.next_attempt_at, d.holds_token, d.workflow_started_at, a.error_class, a.error_message, a.status_code
           from webhook_deliveries d left join webhook_attempts a on a.delivery_id = d.id and a.number = d.attempt_count where d.id = $1`,
        [id],
      );
      return rows[0]!;
    },
    async workflow(id) {
      const { rows } = await pool.query<{ webhookId: number; eventType: string }>(
        `select webhook_id as "webhookId", event_type as "eventType" from webhook_deliveries where id = $1`,
        [id],
      );
      return temporal.workflow.getHandle(deliveryWorkflowId({ ...rows[0]!, id }));
    },
    async close() {
      for (const each of opened) await each.close();
      if (!options.temporalAddress) await deleteSchedules(temporal, config.temporal.taskQueue);
      await connection.close();
      await database.drop();
    },
  };
}

/** Otherwise the server that all tests share goes on starting sweeps of stacks that are gone. */
async function deleteSchedules({ schedule }: Client, taskQueue: string): Promise<void> {
  for (const { scheduleId } of expectedSchedules(taskQueue, { messages: true }))
    await schedule
      .getHandle(scheduleId)
      .delete()
      .catch((error: unknown) => {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      });
}

/** The integration guide's example. */
export const callCompleted = {
  call_sid: 'uuid-here',
  from: '+15551234567',
  to: '+15559876543',
  direction: 'outbound',
  status: 'completed',
  hangup_cause: 'NORMAL_CLEARING',
  duration_seconds: 120,
  started_at: '2025-10-29T11:58:00Z',
  ended_at: '2025-10-29T12:00:00Z',
} satisfies GivenPayload<'call.completed'>;
