import { randomUUID } from 'node:crypto';
import { attemptRecord } from '../../../activities/deliveries/attempt-record.js';
import { planAttempt, type AttemptPlan } from '../../../src/db/attempt-plan.js';
import {
  recordAttempt,
  takeAttempt,
  type AttemptRecord,
  type RecordedAttempt,
  type TakenAttempt,
  type TakeResult,
} from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { requestRetry } from '../../../src/db/deliveries.js';
import { insertEvent } from '../../../src/db/events.js';
import { finishSettling, settleBatch, settlingPoint } from '../../../src/db/settling.js';
import { insertWebhook, updateWebhook, type WebhookSettings } from '../../../src/db/webhooks.js';
import type { AttemptOutcome } from '../../../src/delivery/outcome.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant } from '../../support/rows.js';

/** What a receiver does: its status, or why there was none. */
export type Answer = number | 'blocked' | 'reused connection broke';

/** Deliveries as the activities see them, without a workflow, a receiver or time that passes. */
export interface Attempts {
  database: TestDatabase;
  db: Database;
  tenantId: string;
  newWebhook(settings?: WebhookSettings): Promise<number>;
  /** An event's delivery to that webhook. */
  trigger(webhookId: number, eventType?: string): Promise<string>;
  change(webhookId: number, settings: WebhookSettings): Promise<void>;
  /** As after a change: until every delivery fits its webhook, or it changes again. */
  settle(webhookId: number): Promise<void>;
  plan(deliveryId: string): Promise<AttemptPlan>;
  take(deliveryId: string): Promise<TakeResult>;
  /** Fails unless it may be sent. */
  takeToSend(deliveryId: string): Promise<TakenAttempt>;
  record(deliveryId: string, attempt: TakenAttempt, answer: Answer): Promise<RecordedAttempt>;
  /** Sends it once: it must be due. */
  attempt(deliveryId: string, answer: Answer): Promise<RecordedAttempt & Pick<TakenAttempt, 'target' | 'url'>>;
  /** By hand. */
  retry(webhookId: number, deliveryId: string): Promise<void>;
  read(deliveryId: string): Promise<DeliveryRow>;
  /** As if everything had happened so long ago. */
  pass(seconds: number, deliveryId: string): Promise<void>;
  close(): Promise<void>;
}

export interface DeliveryRow {
  status: string;
  attempt_count: number;
  expires_at: Date | null;
  due_at: Date;
  next_attempt_at: Date | null;
  /** Of each attempt, first to last. */
  targets: string[] | null;
}

export async function openAttempts(): Promise<Attempts> {
  const database = await createTestDatabase();
  const db = openDatabase({ url: database.url, poolSize: 8 });
  const tenantId = await insertTenant(database.pool);
  const processId = randomUUID();

  const take = (deliveryId: string) => takeAttempt(db, deliveryId, { timeoutMs: 30_000, processId, keyIds: ['a-key'] });
  const takeToSend = async (deliveryId: string) => {
    const taken = await take(deliveryId);
    if (taken.answer !== 'send') throw new Error(`the delivery is not sent: ${JSON.stringify(taken)}`);
    return taken.attempt;
  };
  const record = async (deliveryId: string, attempt: TakenAttempt, answer: Answer) => {
    const recorded = await recordAttempt(db, recordOf(deliveryId, attempt, answer));
    if (!recorded) throw new Error(`there is no delivery ${deliveryId}`);
    return recorded;
  };
  return {
    database,
    db,
    tenantId,
    async newWebhook(settings = {}) {
      const sealedSecret = Buffer.alloc(40, 1);
      const row = {
        tenantId,
        url: 'https://a.example/',
        events: ['*'],
        sealedSecret,
        template: null,
        verify: false,
        ...unlimited,
        ...settings,
      };
      return (await insertWebhook(db, row)).id;
    },
    async trigger(webhookId, eventType = 'call.completed') {
      const event = { tenantId, eventType, eventId: randomUUID(), occurredAt: new Date(), body: '{}' };
      const accepted = await insertEvent(db, event);
      return accepted!.deliveries.find((delivery) => delivery.webhookId === webhookId)!.id;
    },
    change: (webhookId, settings) =>
      db.transaction(async (tx) => void (await updateWebhook(tx, tenantId, webhookId, settings))),
    async settle(webhookId) {
      const point = (await settlingPoint(db, webhookId))!;
      while (!(await finishSettling(db, webhookId, point))) {
        await settleBatch(db, webhookId, 100);
        if ((await settlingPoint(db, webhookId))?.version !== point.version) return;
      }
    },
    plan: async (deliveryId) => (await planAttempt(db, deliveryId))!,
    take,
    takeToSend,
    record,
    async attempt(deliveryId, answer) {
      const attempt = await takeToSend(deliveryId);
      return { ...(await record(deliveryId, attempt, answer)), target: attempt.target, url: attempt.url };
    },
    retry: (webhookId, deliveryId) =>
      db.transaction(async (tx) => void (await requestRetry(tx, webhookId, deliveryId, { force: false }))),
    async read(deliveryId) {
      const { rows } = await database.pool.query<DeliveryRow>(
        `select status, attempt_count, expires_at, due_at, next_attempt_at,
                (select array_agg(coalesce(target, 'primary') order by number) from webhook_attempts where delivery_id = d.id) as targets
           from webhook_deliveries d where id = $1`,
        [deliveryId],
      );
      return rows[0]!;
    },
    async pass(seconds, deliveryId) {
      await database.pool.query(
        `update webhook_deliveries
            set due_at = due_at - t, expires_at = expires_at - t, next_attempt_at = next_attempt_at - t, in_flight_until = in_flight_until - t
           from (select $2 * interval '1 s') as passed (t) where id = $1`,
        [deliveryId, seconds],
      );
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

const unlimited = { rateLimitPerMinute: null, rateLimitPerHour: null };

/** As the activity makes it. */
export const recordOf = (deliveryId: string, attempt: TakenAttempt, answer: Answer): AttemptRecord =>
  attemptRecord({
    deliveryId,
    attempt,
    requestHeaders: {},
    finished: { startedAt: new Date(), durationMs: 3, outcome: outcomeOf(answer) },
    waitedMs: 0,
    elapsedMs: 4,
    maxRetryAfterMs: 3_600_000,
  });

function outcomeOf(answer: Answer): AttemptOutcome {
  if (typeof answer === 'number') {
    const response = { statusCode: answer, headers: {}, body: '', truncated: false };
    return { kind: answer < 300 ? 'accepted' : 'rejected', response };
  }
  const onReusedConnection = answer !== 'blocked';
  const errorClass = onReusedConnection ? 'connection' : 'blocked_address';
  return { kind: 'unreachable', errorClass, message: answer, onReusedConnection };
}
