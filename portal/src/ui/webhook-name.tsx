import { useQueries } from '../api/session.js';

interface Named {
  id: number;
  url: string;
  description: string | null;
}

/** What a person calls it: its description, else where it goes. */
export const webhookName = ({ id, description, url }: Named): string => description || hostOf(url) || `Webhook ${id}`;

function hostOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return pathname === '/' ? host : host + pathname;
  } catch {
    return url;
  }
}

/** The first 200 webhooks; the name of any other, a deleted one for example, is its number. */
export function useWebhookNames(): {
  webhooks: readonly Named[];
  isLoaded: boolean;
  /** There are more than these. */
  hasMore: boolean;
  nameOf: (id: number) => string;
} {
  const { data } = useQueries().useQuery(
    'get',
    '/v1/webhooks',
    { params: { query: { limit: 200 } } },
    { staleTime: 60_000 },
  );
  const webhooks: readonly Named[] = data?.webhooks ?? [];
  const nameOf = (id: number) => {
    const found = webhooks.find((webhook) => webhook.id === id);
    return found ? webhookName(found) : `Webhook ${id}`;
  };
  return { webhooks, isLoaded: data !== undefined, hasMore: data !== undefined && data.next_cursor !== null, nameOf };
}

/** Options of a select of webhooks; one that is not among the first 200 has its number. */
export function WebhookOptions({ chosen }: { chosen: string }) {
  const { webhooks, hasMore } = useWebhookNames();
  return (
    <>
      {webhooks.map((webhook) => (
        <option key={webhook.id} value={webhook.id}>
          {webhookName(webhook)} (#{webhook.id})
        </option>
      ))}
      {chosen !== '' && !webhooks.some(({ id }) => String(id) === chosen) && (
        <option value={chosen}>Webhook {chosen}</option>
      )}
      {hasMore && <option disabled>Only the newest {webhooks.length}. The pages of the others lead here, too.</option>}
    </>
  );
}
