import { useQueries } from '../../api/session.js';
import { shortReason } from '../../text/deliveries.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { useWebhookNames } from '../../ui/webhook-name.js';

const columns = ['Event', { title: 'Webhook', wideOnly: true }, 'Why', { title: 'Ended', wideOnly: true }] as const;

/** The deliveries that failed last, each with its reason. Nothing while there is none. */
export function LatestFailures() {
  const { nameOf } = useWebhookNames();
  const { data } = useQueries().useQuery(
    'get',
    '/v1/deliveries',
    { params: { query: { status: 'failed', limit: 5 } } },
    { refetchInterval: 15_000 },
  );
  if (!data || data.deliveries.length === 0) return null;
  return (
    <Card title="Latest failures" actions={<Link to="deliveries?status=failed">Show all</Link>}>
      <Table name="Latest failures" columns={columns}>
        {data.deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <th scope="row">
              <Link to={`webhooks/${delivery.webhook_id}/deliveries/${delivery.id}`}>{delivery.event_type}</Link>
              <div className="clip mono quiet failure-id" title={delivery.event_id}>
                {delivery.event_id}
              </div>
              <div className="clip quiet failure-id narrow-only">{nameOf(delivery.webhook_id)}</div>
            </th>
            <td className="wide-only">
              <div className="clip failure-webhook" title={nameOf(delivery.webhook_id)}>
                {nameOf(delivery.webhook_id)}
              </div>
            </td>
            <td title={delivery.error?.message}>{shortReason(delivery)}</td>
            <td className="nowrap wide-only">
              <Time value={delivery.finished_at} />
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
