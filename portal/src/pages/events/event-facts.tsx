import type { EventDetail } from '../../../../src/client/api-types.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { Time } from '../../ui/time.js';

/** What is known of the event besides its body, with links to what belongs to it. */
export function EventFacts({ event }: { event: EventDetail }) {
  const { event_type: type, event_id: eventId, ordering_key: key } = event;
  return (
    <aside aria-label="Facts">
      <Card title="Facts">
        <dl className="facts stacked">
          <dt>Type</dt>
          <dd>
            <Link to={`event-types?type=${type}`}>{type}</Link>
            {event.test && ' (a test)'}
          </dd>
          <dt>Event id</dt>
          <dd>
            <span className="mono">{eventId}</span> <CopyButton text={eventId} of="the event id" />
          </dd>
          <dt>Happened</dt>
          <dd>
            <Time value={event.timestamp} as="full" />
          </dd>
          <dt>Accepted</dt>
          <dd>
            <Time value={event.created_at} as="full" />
          </dd>
          {key !== null && (
            <>
              <dt>Ordering key</dt>
              <dd>
                <Link to={`events?ordering_key=${encodeURIComponent(key)}`} className="mono">
                  {key}
                </Link>
                , its event number {event.sequence}
              </dd>
            </>
          )}
          <dt>Our id</dt>
          <dd>
            <span className="mono">{event.id}</span> <CopyButton text={event.id} of="our id" />
          </dd>
          {event.expunged_at !== null && (
            <>
              <dt>Content erased</dt>
              <dd>
                <Time value={event.expunged_at} as="full" />
              </dd>
            </>
          )}
        </dl>
      </Card>
    </aside>
  );
}
