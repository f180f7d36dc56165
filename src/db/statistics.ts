import type { Queryable } from './database.js';
import type { HealthState, WebhookHealth } from './webhook-health.js';

/** Test deliveries do not count in any of these. */
export interface WebhookStatistics {
  pending: number;
  held: number;
  delivered: number;
  failed: number;
  expired: number;
  /** Requests: a batch's is one, however many deliveries are in it. */
  attempts: number;
  /** Mean duration of an attempt; 0 before the first. */
  averageDurationMs: number;
  /** The last successful and the last failed attempt. */
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  /** Null: it has been healthy since it was created. */
  health: WebhookHealth | null;
}

/** For a webhook that has had no deliveries yet. */
export const noStatistics: WebhookStatistics = {
  pending: 0,
  held: 0,
  delivered: 0,
  failed: 0,
  expired: 0,
  attempts: 0,
  averageDurationMs: 0,
  lastSuccessAt: null,
  lastFailureAt: null,
  health: null,
};

/** Returns a look-up by webhook. Sums eight counter rows of each, however many deliveries it has. */
export async function getStatistics(
  db: Queryable,
  webhookIds: number[],
): Promise<(webhookId: number) => WebhookStatistics> {
  const { rows } = await db.query<{
    webhook_id: number;
    pending: number;
    held: number;
    delivered: number;
    failed: number;
    expired: number;
    attempts: number;
    average: number;
    last_success_at: Date | null;
    last_failure_at: Date | null;
    state: HealthState | null;
    since: Date;
    consecutive_failures: number;
    last_error: string | null;
  }>(
    `select webhook_id, c.*, h.state, h.since,
            case when ended.by_success then 0 else c.failures - h.failures_before end as consecutive_failures,
            case when not ended.by_success then h.last_error end as last_error
       from unnest($1::integer[]) as w (webhook_id)
       cross join lateral (
         select coalesce(sum(pending), 0)::bigint as pending, coalesce(sum(held), 0)::bigint as held,
                coalesce(sum(delivered), 0)::bigint as delivered, coalesce(sum(failed), 0)::bigint as failed,
                coalesce(sum(expired), 0)::bigint as expired,
                coalesce(sum(attempts), 0)::bigint as attempts,
                coalesce(sum(failures), 0)::bigint as failures,
                coalesce(round(sum(duration_ms) / nullif(sum(attempts), 0)), 0)::bigint as average,
                max(last_success_at) as last_success_at, max(last_failure_at) as last_failure_at,
                max(healthy_at) as healthy_at
           from webhook_counters where webhook_counters.webhook_id = w.webhook_id) c
       left join webhook_health h using (webhook_id)
       cross join lateral (
         -- as forget_failures has it
         select coalesce(h.state = 'healthy' and c.healthy_at > coalesce(h.success_seen_at, '-infinity'), false) as by_success) ended`,
    [webhookIds],
  );
  const found = new Map(
    rows.map((row): [number, WebhookStatistics] => [
      row.webhook_id,
      {
        pending: row.pending,
        held: row.held,
        delivered: row.delivered,
        failed: row.failed,
        expired: row.expired,
        attempts: row.attempts,
        averageDurationMs: row.average,
        lastSuccessAt: row.last_success_at,
        lastFailureAt: row.last_failure_at,
        health: row.state && {
          state: row.state,
          since: row.since,
          consecutiveFailures: row.consecutive_failures,
          lastError: row.last_error,
        },
      },
    ]),
  );
  return (webhookId) => found.get(webhookId) ?? noStatistics;
}
