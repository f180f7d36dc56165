import { useState } from 'react';
import { useParams } from 'react-router';
import type { EventDetail } from '../../../../src/client/api-types.js';
import { useQueries } from '../../api/session.js';
import { Link } from '../../ui/link.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { EventBody } from './event-body.js';
import { EventDeliveries } from './event-deliveries.js';
import { EventFacts } from './event-facts.js';
import { MissedCard } from './missed-card.js';
import { Outcome } from './outcome.js';
import './events.css';

const pendingMs = 2_000;

/** One event: who got it, or why nobody did, and its body. */
export function Event() {
  const { eventId = '' } = useParams();
  const [revealed, setRevealed] = useState<EventDetail | null>(null);
  const query = useQueries().useQuery(
    'get',
    '/v1/events/{id}',
    { params: { path: { id: eventId } } },
    {
      refetchInterval: ({ state }) =>
        state.data?.event.deliveries.some(({ status }) => status === 'pending') ? pendingMs : false,
    },
  );
  const found = query.data?.event;
  const event = found && revealed?.id === found.id ? { ...found, body: revealed.body } : found;
  return (
    <Page
      title={event?.event_type ?? 'Event'}
      badge={event && <Outcome counts={countsOf(event)} />}
      trail={<Link to="events">Events</Link>}
    >
      <Loaded query={query} lines={10}>
        {() =>
          event && (
            <div className="detail-page event-page">
              <div className="stack">
                {event.deliveries.length > 0 && <EventDeliveries deliveries={event.deliveries} />}
                <MissedCard event={event} />
                <EventBody event={event} onReveal={setRevealed} />
              </div>
              <EventFacts event={event} />
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function countsOf({ deliveries }: EventDetail) {
  const counts = { pending: 0, delivered: 0, failed: 0, held: 0, cancelled: 0, expired: 0 };
  for (const { status } of deliveries) counts[status]++;
  return counts;
}
