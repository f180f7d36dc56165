import type { EventDetail, Webhook } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { counted } from '../../text/numbers.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { webhookName } from '../../ui/webhook-name.js';
import { missedBy, recoverLink, type Missed } from './missed.js';
import { WhyFiltered } from './why-filtered.js';

/** Which webhooks did not get an event, and why: in full if none did, else on demand. */
export function MissedCard({ event }: { event: EventDetail }) {
  const { data } = useQueries().useQuery(
    'get',
    '/v1/webhooks',
    { params: { query: { limit: 200 } } },
    { staleTime: 60_000 },
  );
  if (!data || event.test) return null;
  const { subscribed, others } = missedBy(event, data.webhooks);
  const isNobodys = event.deliveries.length === 0;
  const content = <Reasons event={event} webhooks={data.webhooks} subscribed={subscribed} others={others} />;
  if (isNobodys)
    return (
      <Card title="Why no webhook got it">
        {content}
        {data.next_cursor !== null && <p className="quiet">Of your newest {data.webhooks.length} webhooks.</p>}
      </Card>
    );
  if (subscribed.length + others.length === 0) return null;
  return (
    <details className="card">
      <summary>Why {counted(subscribed.length + others.length, 'other webhook')} did not get it</summary>
      {content}
    </details>
  );
}

interface ReasonsProps {
  event: EventDetail;
  webhooks: readonly Webhook[];
  subscribed: readonly Missed[];
  others: readonly Webhook[];
}

function Reasons({ event, webhooks, subscribed, others }: ReasonsProps) {
  const mayWrite = useMay('webhooks:write');
  const type = <Link to={`event-types?type=${event.event_type}`}>{event.event_type}</Link>;
  if (webhooks.length === 0)
    return (
      <p>
        You have no webhook.{' '}
        {mayWrite && (
          <>
            <Link to="webhooks/new">Create one</Link> for {type}: this page then has a link that sends it the event.
          </>
        )}
      </p>
    );
  const byId = new Map(webhooks.map((webhook) => [webhook.id, webhook]));
  return (
    <div className="stack">
      {subscribed.length > 0 && (
        <ul className="missed">
          {subscribed.map(({ webhookId, reason, hasFilter }) => {
            const name = webhookName(byId.get(webhookId)!);
            return (
              <li key={webhookId}>
                <Link to={`webhooks/${webhookId}`}>{name}</Link>
                <p>{reason}</p>
                {hasFilter && <WhyFiltered event={event} webhookId={webhookId} />}
                {mayWrite && !hasFilter && (
                  <Link to={recoverLink(event, webhookId)}>
                    Have it sent now<span className="visually-hidden"> to {name}</span>
                  </Link>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {others.length > 0 && (
        <p>
          {subscribed.length === 0 && event.deliveries.length === 0
            ? `None of your ${counted(others.length, 'webhook')} subscribes to `
            : `${counted(others.length, 'webhook')} ${others.length === 1 ? 'does' : 'do'} not subscribe to `}
          {type}.{' '}
          {mayWrite && (
            <>
              To have it sent, add the type to a <Link to="webhooks">webhook</Link>; this page then has a link that
              sends the event.
            </>
          )}
        </p>
      )}
    </div>
  );
}
