import { useQueryClient } from '@tanstack/react-query';
import { useQueries } from '../../api/session.js';
import { useToast } from '../../ui/toast.js';

/** Pauses and resumes a webhook. */
export function useResume(webhookId: number) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const { mutate, isPending, error } = useQueries().useMutation('patch', '/v1/webhooks/{webhook_id}', {
    onSuccess: ({ webhook }) => {
      const sent = webhook.verification.status === 'pending' ? 'when the receiver is verified' : 'now';
      toast.done(webhook.enabled ? `Resumed. What was held is sent ${sent}.` : 'Paused. New deliveries are held.');
    },
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks/{webhook_id}'] }),
        queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks'] }),
      ]),
  });
  const setEnabled = (enabled: boolean) => mutate({ params: { path: { webhook_id: webhookId } }, body: { enabled } });
  return { setEnabled, isPending, error };
}
