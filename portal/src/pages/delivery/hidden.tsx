import { EyeOff } from 'lucide-react';
import type { DeliveryDetail } from '../../../../src/client/api-types.js';
import { useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { Problem } from '../../ui/loaded.js';
import { Card } from '../../ui/page.js';

interface HiddenProps {
  delivery: DeliveryDetail;
  onReveal: (delivery: DeliveryDetail) => void;
}

/** In place of the tenant's content, which an operator sees only when the audit log says so. */
export function Hidden({ delivery, onReveal }: HiddenProps) {
  const reveal = useQueries().useMutation('post', '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/reveal', {
    onSuccess: (answer) => onReveal(answer.delivery),
  });
  const path = { webhook_id: delivery.webhook_id, delivery_id: delivery.id };
  return (
    <Card title="Body, headers and answers">
      <p className="row">
        <EyeOff aria-hidden="true" /> Hidden. Showing it is recorded in the audit log.
      </p>
      {reveal.error !== null && <Problem error={reveal.error} />}
      <div>
        <Button isBusy={reveal.isPending} onClick={() => reveal.mutate({ params: { path } })}>
          Show it
        </Button>
      </div>
    </Card>
  );
}
