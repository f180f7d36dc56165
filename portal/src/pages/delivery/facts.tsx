import type { DeliveryDetail } from '../../../../src/client/api-types.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { Time } from '../../ui/time.js';
import { useWebhookNames } from '../../ui/webhook-name.js';
import { BatchEvents } from './batch-events.js';

/** What is known of the delivery besides its attempts, with links to what it belongs to. */
export function Facts({ delivery }: { delivery: DeliveryDetail }) {
  const { nameOf } = useWebhookNames();
  const { event_type: eventType, event_id: eventId, webhook_id: webhookId } = delivery;
  const ofEvent = new URLSearchParams({ event_type: eventType, event_id: eventId });
  return (
    <aside className="stack" aria-label="Facts">
      <Card title="Facts">
        <dl className="facts stacked">
          <dt>Event id</dt>
          <dd>
            <span className="mono">{eventId}</span> <CopyButton text={eventId} of="the event id" />
          </dd>
          <dt>Event</dt>
          <dd>
            <Link to={`events?${ofEvent}`}>The event</Link>,{' '}
            <Link to={`deliveries?${ofEvent}`}>all its deliveries</Link>
          </dd>
          <dt>Webhook</dt>
          <dd>
            <Link to={`webhooks/${webhookId}`}>{nameOf(webhookId)}</Link>
          </dd>
          <dt>Delivery id</dt>
          <dd>
            <span className="mono">{delivery.id}</span> <CopyButton text={delivery.id} of="the delivery id" />
          </dd>
          <dt>Accepted</dt>
          <dd>
            <Time value={delivery.created_at} as="full" />
          </dd>
          {delivery.finished_at && (
            <>
              <dt>Ended</dt>
              <dd>
                <Time value={delivery.finished_at} as="full" />
              </dd>
            </>
          )}
          {delivery.expires_at && (
            <>
              <dt>Of use until</dt>
              <dd>
                <Time value={delivery.expires_at} as="full" />
              </dd>
            </>
          )}
          {delivery.ordering_key !== null && (
            <>
              <dt>Ordering key</dt>
              <dd>
                <Link to={`events?ordering_key=${encodeURIComponent(delivery.ordering_key)}`} className="mono">
                  {delivery.ordering_key}
                </Link>
                , number {delivery.sequence}
              </dd>
            </>
          )}
          {delivery.test && (
            <>
              <dt>Test</dt>
              <dd>Sent by hand; not counted in the statistics</dd>
            </>
          )}
        </dl>
      </Card>
      <BatchEvents delivery={delivery} />
    </aside>
  );
}
