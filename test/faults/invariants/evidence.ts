import type { Pool } from 'pg';
import type { ReceivedRequest } from '../receivers/request-log.js';
import type { Interval, Timeline } from '../timeline.js';
import type { ActionsLog } from '../traffic/actions.js';
import type { AcceptedEvent } from '../traffic/load.js';
import type { Quiet } from '../traffic/settle.js';
import type { Tenant, Webhook } from '../traffic/tenants.js';

export interface DeliveryRow {
  id: string;
  webhookId: number;
  eventType: string;
  eventId: string;
  test: boolean;
  status: string;
  attemptCount: number;
  acceptedAs: string;
  createdAt: number;
  dueAt: number;
  nextAttemptAt: number | null;
  inFlightUntil: number | null;
  holdsToken: boolean;
  workflowStartedAt: number | null;
  finishedAt: number | null;
}

export interface AttemptRow {
  deliveryId: string;
  number: number;
  startedAt: number;
  durationMs: number;
  statusCode: number | null;
  errorClass: string | null;
  errorMessage: string | null;
}

/** Everything known at the end of a run, from all sides. */
export interface Evidence {
  timeline: Timeline;
  tenants: readonly Tenant[];
  accepted: readonly AcceptedEvent[];
  /** Triggers that no process ever accepted, although everything was healthy at the end. */
  neverAccepted: readonly string[];
  actions: ActionsLog;
  quiet: Quiet;
  requests: readonly ReceivedRequest[];
  bodies: ReadonlyMap<string, string>;
  deliveries: ReadonlyMap<string, DeliveryRow>;
  attempts: readonly AttemptRow[];
  pool: Pool;
}

/** Something that must not happen. */
export interface Violation {
  /** A short name, the same for all violations of a kind. */
  invariant: string;
  text: string;
  deliveryIds: string[];
  /** When it happened, if known. */
  at?: Interval;
}

export async function readRows(pool: Pool): Promise<Pick<Evidence, 'deliveries' | 'attempts'>> {
  const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;
  const deliveries = await pool.query<DeliveryRow>(
    `select id, webhook_id as "webhookId", event_type as "eventType", event_id as "eventId", test, status,
            attempt_count as "attemptCount", accepted_as as "acceptedAs", ${ms('created_at')} as "createdAt",
            ${ms('due_at')} as "dueAt", ${ms('next_attempt_at')} as "nextAttemptAt", ${ms('in_flight_until')} as "inFlightUntil",
            holds_token as "holdsToken", ${ms('workflow_started_at')} as "workflowStartedAt", ${ms('finished_at')} as "finishedAt"
       from webhook_deliveries`,
  );
  const attempts = await pool.query<AttemptRow>(
    `select delivery_id as "deliveryId", number, ${ms('started_at')} as "startedAt", duration_ms as "durationMs",
            status_code as "statusCode", error_class as "errorClass", error_message as "errorMessage"
       from webhook_attempts order by started_at`,
  );
  return { deliveries: new Map(deliveries.rows.map((row) => [row.id, row])), attempts: attempts.rows };
}

export const allWebhooks = ({ tenants }: Pick<Evidence, 'tenants'>): Webhook[] =>
  tenants.flatMap(({ webhooks }) => webhooks);

export function groupBy<T, K>(list: readonly T[], keyOf: (each: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const each of list) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return groups;
}

export const isSuccess = ({ end, status }: ReceivedRequest): boolean =>
  end === 'answered' && status !== undefined && status >= 200 && status < 300;
