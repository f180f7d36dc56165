import { statuses, type DeliveryStatus } from '../text/deliveries.js';
import { Badge } from './badge.js';

/** The status of a delivery, with its meaning as the title. */
export function DeliveryStatusBadge({ status }: { status: DeliveryStatus }) {
  const { title, tone, meaning } = statuses[status];
  return (
    <Badge tone={tone} title={meaning}>
      {title}
    </Badge>
  );
}
