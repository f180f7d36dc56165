import type { Pool } from 'pg';
import type { AttemptRecord, AttemptVerdict, TakenAttempt } from '../../src/db/attempts.js';
import { insertWebhook } from './rows.js';

/** A webhook without a limit that keeps the order of each key. */
export async function orderedWebhook(pool: Pool, tenantId: string): Promise<number> {
  const id = await insertWebhook(pool, tenantId, { rateLimitPerMinute: null, rateLimitPerHour: null, maxRetries: 2 });
  await pool.query(`update webhooks set ordering = 'key' where id = $1`, [id]);
  return id;
}

/** The record of a request that ended so. */
export const finishedRecord = (deliveryId: string, attempt: TakenAttempt, verdict: AttemptVerdict): AttemptRecord => ({
  ...attempt,
  deliveryId,
  startedAt: new Date().toISOString(),
  durationMs: 3,
  statusCode: verdict === 'delivered' ? 200 : 500,
  requestHeaders: {},
  responseHeaders: {},
  responseBody: '',
  responseTruncated: false,
  error: verdict === 'delivered' ? null : { class: 'http_status', message: 'HTTP 500' },
  verdict,
  retryWaitMs: 1000,
  disabledReason: verdict === 'gone' ? '410' : null,
  elapsedMs: 4,
});
