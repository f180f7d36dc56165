import type { Queryable } from './database.js';

/** Test deliveries do not count in any of these. */
export interface WebhookStatistics {
  pending: number;
  held: number;
  delivered: number;
  failed: number;
  /** Mean duration of an attempt; 0 before the first. */
  averageDurationMs: number;
  /** The last successful and the last failed attempt. */
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
}

/** For a webhook that has had no deliveries yet. */
export const noStatistics: WebhookStatistics = {
  pending: 0,
  held: 0,
  delivered: 0,
  failed: 0,
  averageDurationMs: 0,
  lastSuccessAt: null,
  lastFailureAt: null,
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
    average: number;
    last_success_at: Date | null;
    last_failure_at: Date | null;
  }>(
    `select webhook_id, sum(pending)::bigint as pending, sum(held)::bigint as held, sum(delivered)::bigint as delivered,
            sum(failed)::bigint as failed, coalesce(round(sum(duration_ms) / nullif(sum(attempts), 0)), 0)::bigint as average,
            max(last_success_at) as last_success_at, max(last_failure_at) as last_failure_at
       from webhook_counters where webhook_id = any($1) group by webhook_id`,
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
        averageDurationMs: row.average,
        lastSuccessAt: row.last_success_at,
        lastFailureAt: row.last_failure_at,
      },
    ]),
  );
  return (webhookId) => found.get(webhookId) ?? noStatistics;
}
