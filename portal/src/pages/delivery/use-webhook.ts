import type { Webhook } from '../../../../src/client/api-types.js';
import { ApiError } from '../../api/api-error.js';
import { useQueries } from '../../api/session.js';

/** The webhook of a delivery. 'deleted': only its deliveries are still there. undefined: not known yet. */
export function useWebhookOf(id: number): Webhook | 'deleted' | undefined {
  const { data, error } = useQueries().useQuery('get', '/v1/webhooks/{webhook_id}', {
    params: { path: { webhook_id: id } },
  });
  if ((error as unknown) instanceof ApiError && (error as unknown as ApiError).status === 404) return 'deleted';
  return data?.webhook;
}
