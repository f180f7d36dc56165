import { keepPreviousData } from '@tanstack/react-query';
import { useQueries, useScope } from '../api/session.js';
import { useNow } from '../ui/time.js';
import type { Bucket } from './buckets.js';
import { statisticsQuery, type Period } from './period.js';

const options = {
  refetchInterval: 30_000,
  placeholderData: keepPreviousData,
  // The other type of the answer is text, as CSV.
  select: (answer: unknown) => (answer as { buckets: Bucket[] }).buckets,
};

/** The tenant's statistics of a period, read again while the page is looked at. */
export function useStatistics(period: Period) {
  const query = statisticsQuery(period, useNow(30_000));
  return useQueries().useQuery('get', '/v1/statistics', { params: { query } }, options);
}

/** Those of one webhook. */
export function useWebhookStatistics(webhookId: number, period: Period) {
  const params = { path: { webhook_id: webhookId }, query: statisticsQuery(period, useNow(30_000)) };
  return useQueries().useQuery('get', '/v1/webhooks/{webhook_id}/statistics', { params }, options);
}

/** Reads a period's statistics as CSV: of one webhook, or null: of all. */
export function useStatisticsCsv(webhookId: number | null, period: Period): () => Promise<Blob> {
  const { call } = useScope();
  return async () => {
    const query = statisticsQuery(period, new Date());
    const asCsv = { headers: { Accept: 'text/csv' }, parseAs: 'blob' } as const;
    const { data } =
      webhookId === null
        ? await call.GET('/v1/statistics', { params: { query }, ...asCsv })
        : await call.GET('/v1/webhooks/{webhook_id}/statistics', {
            params: { path: { webhook_id: webhookId }, query },
            ...asCsv,
          });
    return data!;
  };
}
