import { useQueries } from '../../api/session.js';
import { duration } from '../../text/times.js';
import { fastestMs, totalWords } from './recovery-request.js';

/** How many it would be, and how long that takes at least. */
export function Counted({ webhookId, total, isExact }: { webhookId: number; total: number; isExact: boolean }) {
  const { data } = useQueries().useQuery('get', '/v1/webhooks/{webhook_id}', {
    params: { path: { webhook_id: webhookId } },
  });
  if (total === 0)
    return <p className="note">Nothing fits: there is nothing to send again. Try other statuses or times.</p>;
  const webhook = data?.webhook;
  const ms = webhook ? fastestMs(total, webhook) : null;
  return (
    <div className="note good">
      <p>
        <strong>{totalWords(total, isExact).replace(/^./, (first) => first.toUpperCase())}</strong> would be sent again.
      </p>
      {ms !== null && <p>At the webhook’s rate limit that takes {duration(ms)} or more. Live events go first.</p>}
      {webhook && !webhook.enabled && <p>The webhook takes nothing now: the recovery waits until it is enabled.</p>}
    </div>
  );
}
