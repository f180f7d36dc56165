import { oneRow, type Queryable } from './database.js';

/** How long a bucket is; all begin at whole minutes, hours and days in UTC. */
export const statisticsUnits = ['minute', 'hour', 'day'] as const;
export type StatisticsUnit = (typeof statisticsUnits)[number];

/** What happened in a minute, an hour or a day. Test deliveries do not count in any of these. */
export interface StatisticsBucket {
  start: Date;
  events: number;
  delivered: number;
  failed: number;
  expired: number;
  /** Of attempts, as in attemptOutcomes; those at the end that are 0 may be missing. */
  outcomes: number[];
  /** The 50th, 95th and 99th percentile; empty: there is nothing to measure. */
  durations: number[];
  delays: number[];
}

/**
 * The buckets in which something happened, first to last, which begin in [since, until): of a webhook, or of the whole
 * tenant. What was written after the last roll-up is not in them.
 */
export async function listStatistics(
  db: Queryable,
  of: { tenantId: string; webhookId: number | null },
  { unit, since, until }: { unit: StatisticsUnit; since: Date; until: Date },
): Promise<StatisticsBucket[]> {
  const ofWebhook = of.webhookId === null ? 'webhook_id is null' : 'webhook_id = $5';
  // As one value: reading rows takes the driver long.
  const { rows } = await db.query<{ buckets: string | null }>(
    `select '[' || string_agg(as_json, ',' order by start) || ']' as buckets
       from webhook_statistics where tenant_id = $1 and ${ofWebhook} and unit = $2 and start >= $3 and start < $4`,
    [of.tenantId, unit, since, until, ...(of.webhookId === null ? [] : [of.webhookId])],
  );
  const buckets = JSON.parse(oneRow(rows).buckets ?? '[]') as BucketJson[];
  return buckets.map(([startSeconds, events, delivered, failed, expired, outcomes, durations, delays]) => ({
    start: new Date(startSeconds * 1000),
    events,
    delivered,
    failed,
    expired,
    outcomes,
    durations,
    delays,
  }));
}

/** As statistics_as_json makes it. */
type BucketJson = [
  ...[startSeconds: number, events: number, delivered: number, failed: number, expired: number],
  ...[outcomes: number[], durations: number[], delays: number[]],
];

/** Up to when everything is counted, and whether there is more to count already. */
export interface RollUp {
  until: Date;
  more: boolean;
}

/**
 * Counts at most about `limit` attempts, deliveries and events that were written since the last roll-up. Safe to repeat
 * and to run concurrently. Null: another one is at work.
 */
export async function rollUpStatistics(db: Queryable, limit: number): Promise<RollUp | null> {
  const { rows } = await db.query<RollUp & Record<string, unknown>>('select * from roll_up_statistics($1)', [limit]);
  return rows[0] ?? null;
}
