import { useQueryClient } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import type { DeliveryDetail } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { useToast } from '../../ui/toast.js';
import { useWebhookOf } from './use-webhook.js';

/** Sends it again. What was delivered already asks first; left out where the service would refuse it. */
export function RetryButton({ delivery }: { delivery: DeliveryDetail }) {
  const { status } = delivery;
  const mayWrite = useMay('webhooks:write');
  const webhook = useWebhookOf(delivery.webhook_id);
  const toast = useToast();
  const queryClient = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const retry = useQueries().useMutation('post', '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry', {
    onSuccess: async () => {
      toast.done('It is on its way.');
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}'] }),
        queryClient.invalidateQueries({ queryKey: ['get', '/v1/deliveries'] }),
      ]);
    },
  });
  if (!mayWrite || webhook === 'deleted' || status === 'held' || delivery.expunged_at !== null) return null;
  const path = { webhook_id: delivery.webhook_id, delivery_id: delivery.id };
  const send = (force: boolean) => retry.mutateAsync({ params: { path }, body: { force } });
  const press = () => {
    if (status === 'delivered') setIsAsking(true);
    else send(false).catch((error: Error) => toast.error(error.message));
  };
  const title = status === 'pending' ? 'Send now' : status === 'delivered' ? 'Send again' : 'Retry';
  return (
    <>
      <Button kind={status === 'delivered' ? 'plain' : 'primary'} isBusy={retry.isPending && !isAsking} onClick={press}>
        <RotateCcw aria-hidden="true" /> {title}
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Send it again?"
          action="Send again"
          onConfirm={() => send(true)}
          onClose={() => setIsAsking(false)}
        >
          <p>
            It was delivered. The receiver gets the same event once more, with the same <code>webhook-id</code>; a
            receiver that remembers those does nothing for it.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
