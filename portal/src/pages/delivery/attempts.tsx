import { useState } from 'react';
import type { DeliveryDetail, Webhook } from '../../../../src/client/api-types.js';
import { pages } from '../../api/pages.js';
import { useQueries } from '../../api/session.js';
import { duration } from '../../text/times.js';
import { Button } from '../../ui/button.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Time } from '../../ui/time.js';
import { AttemptEntry } from './attempt-entry.js';
import { timeline } from './timeline.js';

interface AttemptsProps {
  delivery: DeliveryDetail;
  webhook: Webhook | 'deleted' | undefined;
}

/** From when the event was accepted to the last attempt, and the next one that is planned. */
export function Attempts({ delivery, webhook }: AttemptsProps) {
  const first = delivery.attempts;
  // What the reader came for. It stays as it is when another attempt follows.
  const [open] = useState(() => (first.at(-1)?.error ? first.at(-1)?.number : undefined));
  const urlOf = (target: 'primary' | 'fallback') =>
    webhook === undefined || webhook === 'deleted' ? null : target === 'primary' ? webhook.url : webhook.fallback_url;
  return (
    <ol className="timeline">
      <li className="timeline-point">
        <span>
          Accepted <Time value={delivery.created_at} />
        </span>
      </li>
      {timeline(delivery.created_at, first).map((entry) => (
        <AttemptEntry
          key={entry.attempt.number}
          entry={entry}
          url={urlOf(entry.attempt.target)}
          startsOpen={entry.attempt.number === open}
        />
      ))}
      {delivery.attempts_next_cursor !== null ? (
        <MoreAttempts delivery={delivery} urlOf={urlOf} />
      ) : (
        <End delivery={delivery} />
      )}
    </ol>
  );
}

interface MoreProps {
  delivery: DeliveryDetail;
  urlOf: (target: 'primary' | 'fallback') => string | null;
}

/** Those after the first page; a delivery that was retried often has many. */
function MoreAttempts({ delivery, urlOf }: MoreProps) {
  const [isOpen, setIsOpen] = useState(false);
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/attempts',
    { params: { path: { webhook_id: delivery.webhook_id, delivery_id: delivery.id } } },
    { ...pages, initialPageParam: delivery.attempts_next_cursor, enabled: isOpen },
  );
  if (!isOpen)
    return (
      <li className="timeline-more">
        <Button onClick={() => setIsOpen(true)}>Show the later attempts</Button>
      </li>
    );
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const later = pages.flatMap((page) => page.attempts);
        const entries = timeline(delivery.created_at, [...delivery.attempts, ...later]).slice(delivery.attempts.length);
        return (
          <>
            {entries.map((entry) => (
              <AttemptEntry key={entry.attempt.number} entry={entry} url={urlOf(entry.attempt.target)} />
            ))}
            {query.hasNextPage ? (
              <li className="timeline-more">
                <LoadMore query={query} />
              </li>
            ) : (
              <End delivery={delivery} />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** What comes next, or how it ended. */
function End({ delivery }: { delivery: DeliveryDetail }) {
  const { status, in_flight: isOpen, next_attempt_at: nextAt, finished_at: finishedAt } = delivery;
  if (isOpen)
    return (
      <li className="timeline-point planned">
        <span>
          A request is open since <Time value={delivery.attempt_started_at} />
        </span>
      </li>
    );
  if (status === 'pending' && nextAt !== null)
    return (
      <li className="timeline-point planned">
        <span>
          Attempt {delivery.attempt_count + 1} is planned for <Time value={nextAt} />,{' '}
          <Time value={nextAt} as="relative" />
        </span>
      </li>
    );
  if (finishedAt === null)
    return delivery.attempts.length > 0 ? null : (
      <li className="timeline-point planned">
        <span>No attempt yet</span>
      </li>
    );
  const tookMs = new Date(finishedAt).getTime() - new Date(delivery.created_at).getTime();
  return (
    <li className="timeline-point">
      <span>
        {delivery.attempt_count === 0 && 'No attempt. '}
        {ends[status]} <Time value={finishedAt} /> <span className="quiet">after {duration(tookMs)}</span>
      </span>
    </li>
  );
}

const ends: Record<DeliveryDetail['status'], string> = {
  delivered: 'Delivered',
  failed: 'Given up',
  expired: 'Expired',
  cancelled: 'Cancelled',
  pending: 'Pending since',
  held: 'Held since',
};
