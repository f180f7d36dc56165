import type { Queryable } from './database.js';
import type { ErrorClass } from '../delivery/outcome.js';
import type { AttemptRecord } from './attempts.js';

/** What the API shows of a recorded attempt. */
export interface Attempt extends Pick<
  AttemptRecord,
  | 'number'
  | 'durationMs'
  | 'statusCode'
  | 'requestHeaders'
  | 'responseHeaders'
  | 'responseBody'
  | 'responseTruncated'
  | 'error'
  | 'target'
> {
  startedAt: Date;
}

interface AttemptRow {
  number: number;
  started_at: Date;
  duration_ms: number;
  status_code: number | null;
  request_headers: string;
  response_headers: string | null;
  response_body: string | null;
  response_truncated: boolean;
  error_class: ErrorClass | null;
  error_message: string | null;
  target: 'fallback' | null;
}

/** Headers and response bodies of one page; the attempt that exceeds this is the last of its page. */
const maxPageBytes = 1024 * 1024;

/**
 * Attempts of a delivery, its own and those of its batches, first to last: at most `limit` after `afterNumber` (null: from
 * the first), and fewer where the responses are large. `more`: whether others follow.
 */
export async function listAttempts(
  db: Queryable,
  deliveryId: string,
  page: { limit: number; afterNumber: number | null },
): Promise<{ attempts: Attempt[]; more: boolean }> {
  const { rows } = await db.query<AttemptRow & { last_number: number }>(
    `with runs as (
       select id as sender, 0 as before, null::integer as last from webhook_deliveries where id = $1
       union all
       select batch_id, attempts_before, attempts from webhook_batch_members where delivery_id = $1)
     select number_of_all as number, started_at, duration_ms, status_code, request_headers, response_headers, response_body,
            response_truncated, error_class, error_message, target,
            (select attempts_of(d) from webhook_deliveries d where id = $1) as last_number
       from (select *, sum(octet_length(request_headers) + coalesce(octet_length(response_headers), 0)
                           + coalesce(octet_length(response_body), 0))
                         over (order by number_of_all rows between unbounded preceding and 1 preceding) as bytes_before
               from runs cross join lateral (
                 select *, runs.before + number as number_of_all from webhook_attempts
                  where delivery_id = runs.sender and number > $2 - runs.before and (last is null or number <= last)
                   order by number limit $3) of_run
              order by number_of_all limit $3) a
      where coalesce(bytes_before, 0) < $4
      order by number_of_all`,
    [deliveryId, page.afterNumber ?? 0, page.limit, maxPageBytes],
  );
  const last = rows.at(-1);
  return { attempts: rows.map(toAttempt), more: last !== undefined && last.number < last.last_number };
}

const toAttempt = (row: AttemptRow): Attempt => ({
  number: row.number,
  startedAt: row.started_at,
  durationMs: row.duration_ms,
  statusCode: row.status_code,
  requestHeaders: JSON.parse(row.request_headers) as Record<string, string>,
  responseHeaders: row.response_headers === null ? null : (JSON.parse(row.response_headers) as Record<string, string>),
  responseBody: row.response_body,
  responseTruncated: row.response_truncated,
  error: row.error_class && row.error_message !== null ? { class: row.error_class, message: row.error_message } : null,
  target: row.target ?? 'primary',
});
