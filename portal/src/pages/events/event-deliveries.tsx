import type { Delivery } from '../../../../src/client/api-types.js';
import { shortReason } from '../../text/deliveries.js';
import { DeliveryStatusBadge } from '../../ui/delivery-status.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { useWebhookNames } from '../../ui/webhook-name.js';

const maxShown = 200;
const columns = ['Status', 'Webhook', 'Why', { title: 'Attempts', align: 'right', wideOnly: true }] as const;

/** One for each webhook that wanted the event. */
export function EventDeliveries({ deliveries }: { deliveries: readonly Delivery[] }) {
  const { nameOf } = useWebhookNames();
  return (
    <Card title="Deliveries">
      <Table name="Deliveries" columns={columns}>
        {deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <td>
              <DeliveryStatusBadge status={delivery.status} />
            </td>
            <th scope="row">
              <div className="clip" title={nameOf(delivery.webhook_id)}>
                <Link to={`webhooks/${delivery.webhook_id}/deliveries/${delivery.id}`}>
                  {nameOf(delivery.webhook_id)}
                </Link>
              </div>
            </th>
            <td title={delivery.error?.message}>{shortReason(delivery) ?? <span className="quiet">–</span>}</td>
            <td className="right wide-only">{delivery.attempt_count}</td>
          </tr>
        ))}
      </Table>
      {deliveries.length === maxShown && (
        <p className="quiet">The first {maxShown}, in the order of their webhooks. The list of deliveries has all.</p>
      )}
    </Card>
  );
}
