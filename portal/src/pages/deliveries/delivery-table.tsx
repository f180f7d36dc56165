import { memo } from 'react';
import type { Delivery } from '../../../../src/client/api-types.js';
import { shortReason } from '../../text/deliveries.js';
import { counted } from '../../text/numbers.js';
import { duration } from '../../text/times.js';
import { DeliveryStatusBadge } from '../../ui/delivery-status.js';
import { Link } from '../../ui/link.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { useWebhookNames } from '../../ui/webhook-name.js';
import { useSteadyRows } from './use-steady-rows.js';

const columns = [
  'Status',
  'Event',
  { title: 'Webhook', wideOnly: true },
  { title: 'Result', wideOnly: true },
  { title: 'Attempts', align: 'right', wideOnly: true },
  { title: 'Duration', align: 'right', wideOnly: true },
  'Accepted',
] as const;

/** One row a delivery. While the reader is in it, no row moves; what comes meanwhile is announced below. */
export function DeliveryTable({ deliveries, isLive }: { deliveries: readonly Delivery[]; isLive: boolean }) {
  const { nameOf } = useWebhookNames();
  const { rows, newRows, events } = useSteadyRows(deliveries, isLive);
  return (
    <div className="delivery-list">
      <p className="new-rows quiet" role="status">
        {newRows > 0 && `${counted(newRows, 'new delivery', 'new deliveries')}: shown when you leave the list.`}
      </p>
      <div {...events}>
        <Table name="Deliveries" columns={columns}>
          {rows.map((delivery) => (
            <Row key={delivery.id} delivery={delivery} webhook={nameOf(delivery.webhook_id)} />
          ))}
        </Table>
      </div>
    </div>
  );
}

const Row = memo(function Row({ delivery, webhook }: { delivery: Delivery; webhook: string }) {
  const { id, webhook_id: webhookId, event_type: eventType, event_id: eventId, error } = delivery;
  const reason = shortReason(delivery);
  return (
    <tr>
      <td>
        <DeliveryStatusBadge status={delivery.status} />
        {reason && <div className="narrow-only quiet narrow-reason">{reason}</div>}
      </td>
      <th scope="row">
        <Link to={`webhooks/${webhookId}/deliveries/${id}`} className="delivery-event">
          {eventType}
        </Link>
        {delivery.test && <span className="quiet"> test</span>}
        <div className="clip mono quiet event-id" title={eventId}>
          {eventId}
        </div>
      </th>
      <td className="wide-only">
        <div className="clip webhook-name" title={webhook}>
          <Link to={`webhooks/${webhookId}`}>{webhook}</Link>
        </div>
      </td>
      <td className="wide-only">
        <div className="clip reason" title={error?.message}>
          {reason ?? <span className="quiet">–</span>}
        </div>
      </td>
      <td className="right wide-only">{delivery.attempt_count}</td>
      <td className="right wide-only nowrap">
        {delivery.duration_ms === null ? <span className="quiet">–</span> : duration(delivery.duration_ms)}
      </td>
      <td className="nowrap">
        <Time value={delivery.created_at} />
      </td>
    </tr>
  );
});
