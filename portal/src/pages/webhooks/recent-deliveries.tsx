import type { Webhook } from '../../../../src/client/api-types.js';
import { useQueries } from '../../api/session.js';
import { shortReason } from '../../text/deliveries.js';
import { DeliveryStatusBadge } from '../../ui/delivery-status.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { Loaded } from '../../ui/loaded.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';

const refreshMs = 5_000;
const shown = 10;

const columns = [
  'Event',
  'Status',
  { title: 'Reason', wideOnly: true },
  { title: 'Attempts', align: 'right' as const, wideOnly: true },
  'Time',
];

/** The last few deliveries of a webhook. */
export function RecentDeliveries({ webhook }: { webhook: Webhook }) {
  const query = useQueries().useQuery(
    'get',
    '/v1/webhooks/{webhook_id}/deliveries',
    { params: { path: { webhook_id: webhook.id }, query: { limit: shown } } },
    { refetchInterval: refreshMs },
  );
  return (
    <Card title="Recent deliveries" actions={<Link to={`deliveries?webhook=${webhook.id}`}>All deliveries</Link>}>
      <Loaded query={query}>
        {({ deliveries }) =>
          deliveries.length === 0 ? (
            <EmptyState title="No delivery yet">
              {webhook.filter
                ? 'Each event of its types that matches its filter becomes a delivery. Send a test event to try the receiver, or try the filter in the settings.'
                : 'Each event of its types becomes a delivery. Send a test event to try the receiver.'}
            </EmptyState>
          ) : (
            <Table name="Recent deliveries" columns={columns}>
              {deliveries.map((delivery) => (
                <tr key={delivery.id}>
                  <th scope="row">
                    <Link to={`webhooks/${webhook.id}/deliveries/${delivery.id}`}>{delivery.event_type}</Link>
                    {delivery.test && <span className="quiet"> test</span>}
                  </th>
                  <td>
                    <DeliveryStatusBadge status={delivery.status} />
                  </td>
                  <td className="wide-only clip" title={delivery.error?.message}>
                    {shortReason(delivery) ?? <span className="quiet">–</span>}
                  </td>
                  <td className="wide-only right">{delivery.attempt_count}</td>
                  <td className="nowrap">
                    <Time value={delivery.created_at} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Card>
  );
}
