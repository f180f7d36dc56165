import type { DeliveryDetail } from '../../../../src/client/api-types.js';
import { counted } from '../../text/numbers.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { batchEvents } from './batch-of.js';

const shown = 20;

/** The other events of its batch, each with a delivery of its own. */
export function BatchEvents({ delivery }: { delivery: DeliveryDetail }) {
  if (delivery.batch_id === null) return null;
  const events = batchEvents(delivery.body);
  return (
    <Card title="Batch">
      <p className="quiet">{batchWords(delivery, events.length)}</p>
      {events.length > 1 && (
        <ul className="batch-events">
          {events.slice(0, shown).map(({ type, id }, index) => {
            const filters = new URLSearchParams({
              webhook: String(delivery.webhook_id),
              event_type: type,
              event_id: id,
            });
            const isThis = type === delivery.event_type && id === delivery.event_id;
            return (
              <li key={`${index} ${id}`}>
                {isThis ? <strong>{type} (this one)</strong> : <Link to={`deliveries?${filters}`}>{type}</Link>}
                <div className="clip mono quiet" title={id}>
                  {id}
                </div>
              </li>
            );
          })}
          {events.length > shown && <li className="quiet">and {events.length - shown} more, in the body</li>}
        </ul>
      )}
    </Card>
  );
}

function batchWords({ id, batch_id: batchId }: DeliveryDetail, events: number): string {
  if (batchId === id) return 'It went alone, in a batch of one.';
  if (events === 1) return 'It went alone: no other event was waiting.';
  const all = events === 0 ? '' : `, ${counted(events, 'event')} in all`;
  return `One request has all events of the batch${all}. They end together.`;
}
