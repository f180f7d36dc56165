import { z } from 'zod';
import { databaseTime } from '../db/clock.js';
import type { Queryable } from '../db/database.js';
import { listStatistics, statisticsUnits, unitMs, type StatisticsSpan } from '../db/statistics-over-time.js';
import { attemptOutcomes } from '../delivery/outcome.js';
import { InvalidInputError } from '../errors.js';
import { requireWebhook } from './deliveries.js';
import { defineEndpoint } from './http/endpoint.js';
import { webhookIdParameter } from './http/path-parameters.js';
import { renderTime, time, timeInput } from './http/schemas.js';
import { statisticsCsv, statisticsJson, writeBuckets } from './written-statistics.js';

/** What is shown if `since` is not given. */
const defaultCount = { minute: 60, hour: 24, day: 30 };
/** A week of minutes or fourteen months of hours, also if they begin and end within one. */
const maxBuckets = 10_200;

const count = (description: string) => z.int().meta({ description, examples: [120] });

const percentiles = (description: string) => {
  const percentile = z
    .int()
    .nullable()
    .meta({ examples: [104] });
  return z.object({ p50: percentile, p95: percentile, p99: percentile }).meta({ description });
};

const bucketSchema = z
  .object({
    start: time('When it begins, in UTC'),
    events: count('Events that were accepted: for this webhook, or from the tenant'),
    delivered: count('Deliveries that ended as delivered'),
    failed: count('Deliveries that ended as failed'),
    expired: count('Deliveries that ended as expired'),
    attempts: count('Attempts that were made; the sum of `outcomes`'),
    outcomes: z
      .object(
        Object.fromEntries(attemptOutcomes.map((name) => [name, z.int()])) as Record<
          (typeof attemptOutcomes)[number],
          z.ZodInt
        >,
      )
      .meta({ description: 'Attempts by status code, or by error class where there was none' }),
    duration_ms: percentiles('How long requests took; null: there was none'),
    delay_ms: percentiles('From when an event was accepted to its first attempt; null: there was none'),
  })
  .meta({ id: 'StatisticsBucket', description: 'What happened in a minute, an hour or a day' });

const query = z.strictObject({
  bucket: z
    .enum(statisticsUnits, `expected one of ${statisticsUnits.join(', ')}`)
    .default('hour')
    .meta({ default: 'hour', description: 'How long a bucket is' }),
  since: timeInput().optional().meta({
    description: 'The first bucket holds this time; default: the last 60 minutes, 24 hours or 30 days',
  }),
  until: timeInput().optional().meta({ description: 'The last bucket begins before this time; default: now' }),
});

/** The whole buckets that the query asks for, until now at most. */
function spanOf({ bucket, since, until }: z.output<typeof query>, now: Date): StatisticsSpan {
  const lengthMs = unitMs[bucket];
  const untilMs = Math.min(until?.getTime() ?? Infinity, now.getTime() + 1);
  const endMs = Math.ceil(untilMs / lengthMs) * lengthMs;
  const beginMs = since ? Math.floor(since.getTime() / lengthMs) * lengthMs : endMs - defaultCount[bucket] * lengthMs;
  if (since && until && since >= until)
    throw invalid(`expected a time before until, ${renderTime(until)}; got ${renderTime(since)}`);
  const buckets = (endMs - beginMs) / lengthMs;
  if (buckets > maxBuckets)
    throw invalid(
      `${buckets} buckets of a ${bucket}, at most ${maxBuckets} in one answer: ask for a shorter time or for longer buckets`,
    );
  return { unit: bucket, since: new Date(beginMs), until: new Date(endMs) };
}

const invalid = (message: string) =>
  new InvalidInputError('The query string is not valid: since.', [{ path: 'since', message }]);

async function answer(
  db: Queryable,
  of: { tenantId: string; webhookId: number | null },
  asked: z.output<typeof query>,
) {
  const [now] = await Promise.all([
    databaseTime(db),
    of.webhookId === null ? undefined : requireWebhook(db, of.tenantId, of.webhookId),
  ]);
  const span = spanOf(asked, now);
  const found = await listStatistics(db, of, span);
  return {
    status: 200 as const,
    written: {
      json: () => writeBuckets(found, span, statisticsJson),
      csv: () => writeBuckets(found, span, statisticsCsv),
    },
  };
}

const tag = 'Statistics';
const description =
  'First to last, those in which nothing happened too, and the current one, which changes. What happened up to a minute ago may be missing. Test deliveries are not counted. Percentiles are at most 5 percent off.';
const responses = {
  200: {
    description: 'The buckets',
    schema: z.object({ buckets: z.array(bucketSchema) }),
    csv: { description: `The same with \`Accept: text/csv\`: a line for each bucket, after one with their names` },
  },
};

export const statisticsEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id/statistics',
    access: 'webhooks:read',
    operationId: 'getWebhookStatistics',
    tag,
    summary: 'Show what happened to a webhook by minute, hour or day',
    description: `${description} Works for a deleted webhook too.`,
    params: { webhook_id: webhookIdParameter },
    query,
    responses,
    handle: ({ params, query, tenantId }, { db }) => answer(db, { tenantId, webhookId: params.webhook_id }, query),
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/statistics',
    access: 'webhooks:read',
    operationId: 'getStatistics',
    tag,
    summary: 'Show what happened to all webhooks by minute, hour or day',
    description: `${description} An event counts once, whether or not a webhook wanted it.`,
    query,
    responses,
    handle: ({ query, tenantId }, { db }) => answer(db, { tenantId, webhookId: null }, query),
  }),
];
