import type { Event } from '../../../../src/client/api-types.js';
import { statuses, type DeliveryStatus } from '../../text/deliveries.js';
import { count } from '../../text/numbers.js';
import { Badge } from '../../ui/badge.js';

/** What went wrong comes first. */
const order: readonly DeliveryStatus[] = ['failed', 'expired', 'held', 'pending', 'delivered', 'cancelled'];

/** How the deliveries of an event ended: `2 delivered`, `1 failed`. */
export function Outcome({ counts }: { counts: Event['deliveries_by_status'] }) {
  const shown = order.filter((status) => counts[status] > 0);
  if (shown.length === 0)
    return (
      <Badge tone="quiet" title="No webhook subscribed to its type, or had a filter that it passed">
        No webhook
      </Badge>
    );
  return (
    <span className="outcome">
      {shown.map((status) => (
        <Badge key={status} tone={statuses[status].tone} title={statuses[status].meaning}>
          {count(counts[status])} {statuses[status].title.toLowerCase()}
        </Badge>
      ))}
    </span>
  );
}
