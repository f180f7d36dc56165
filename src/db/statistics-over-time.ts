import { oneRow, type Queryable } from './database.js';

/** How long a bucket is; all begin at whole minutes, hours and days in UTC. */
export const statisticsUnits = ['minute', 'hour', 'day'] as const;
export type StatisticsUnit = (typeof statisticsUnits)[number];
export const unitMs: Record<StatisticsUnit, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Buckets of this unit that begin in [since, until). */
export interface StatisticsSpan {
  unit: StatisticsUnit;
  since: Date;
  until: Date;
}

/** Where the columns of a row of statistics begin, and how many there are. */
export const statisticsColumns = {
  /** When the bucket begins: milliseconds since 1970. */
  start: 0,
  events: 1,
  delivered: 2,
  failed: 3,
  expired: 4,
  /** The sum of the outcomes. */
  attempts: 5,
  /** Of attempts, as in attemptOutcomes. */
  outcomes: 6,
  /** The 50th, 95th and 99th percentile, milliseconds; NaN: there is nothing to measure. */
  durations: 17,
  delays: 20,
  count: 23,
} as const;

/**
 * The buckets of the span in which something happened, first to last: of a webhook, or of the whole tenant. Test deliveries
 * do not count. What was written after the last roll-up is not in them.
 */
export async function listStatistics(
  db: Queryable,
  of: { tenantId: string; webhookId: number | null },
  { unit, since, until }: StatisticsSpan,
): Promise<StatisticsRows> {
  const ofWebhook = of.webhookId === null ? 'webhook_id is null' : 'webhook_id = $5';
  // As one value: reading rows takes the driver long.
  const { rows } = await db.query<{ lines: string | null }>(
    `select string_agg(as_json, e'\n' order by start) as lines
       from webhook_statistics where tenant_id = $1 and ${ofWebhook} and unit = $2 and start >= $3 and start < $4`,
    [of.tenantId, unit, since, until, ...(of.webhookId === null ? [] : [of.webhookId])],
  );
  return new StatisticsRows(oneRow(rows).lines ?? '');
}

const code = { zero: 0x30, nine: 0x39, newLine: 0x0a, comma: 0x2c, open: 0x5b };
const lists = [statisticsColumns.outcomes, statisticsColumns.durations, statisticsColumns.delays];

/**
 * Reads buckets one after the other. A year has 8,760 hours, so they are never all there as objects, nor in large buffers,
 * for which V8 would collect garbage again and again.
 */
export class StatisticsRows {
  /** What `next` has read; columns as in `statisticsColumns`. */
  readonly row = new Float64Array(statisticsColumns.count);
  #at = 0;

  /**
   * Lines as statistics_as_json makes them: `[seconds,events,delivered,failed,expired,[outcomes],[durations],[delays]]`.
   * The lists may be empty, and outcomes at the end that are 0 may be missing.
   */
  constructor(private readonly lines: string) {}

  /** False: there is none any more. */
  next(): boolean {
    const { row, lines } = this;
    let at = this.#at;
    if (at >= lines.length) return false;
    row.fill(0).fill(NaN, statisticsColumns.durations);
    let column = 0;
    let list = -1;
    let value = 0;
    for (at += '['.length; at < lines.length; at++) {
      const char = lines.charCodeAt(at);
      if (char >= code.zero && char <= code.nine) {
        value = 10 * value + (char - code.zero);
        row[column] = value;
        continue;
      }
      if (list === 0) row[statisticsColumns.attempts]! += value;
      value = 0;
      if (char === code.comma) column++;
      else if (char === code.open) column = lists[++list]!;
      else if (char === code.newLine) break;
    }
    row[statisticsColumns.start]! *= 1_000;
    this.#at = at + '\n'.length;
    return true;
  }
}

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
