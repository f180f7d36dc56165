import { useQueryClient } from '@tanstack/react-query';
import { KeyRound, Pause, Play, RotateCcw, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Webhook } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { ConfirmDialog, Dialog } from '../../ui/dialog.js';
import { Link, usePagePath } from '../../ui/link.js';
import { Problem } from '../../ui/loaded.js';
import { useToast } from '../../ui/toast.js';
import { RotateSecret, type RotatedSecret } from './rotate-secret.js';
import { SendTest } from './send-test.js';
import { useResume } from './use-resume.js';

type Opened = 'test' | 'rotate' | 'delete' | null;

/** What can be done with a webhook. */
export function WebhookActions({
  webhook,
  onRotated,
}: {
  webhook: Webhook;
  onRotated: (rotated: RotatedSecret) => void;
}) {
  const [opened, setOpened] = useState<Opened>(null);
  const mayWrite = useMay('webhooks:write');
  const { setEnabled, isPending, error } = useResume(webhook.id);
  if (!mayWrite) return null;
  const close = () => setOpened(null);
  const isUnverified = webhook.verification.status === 'pending';
  return (
    <>
      <Button
        onClick={() => setOpened('test')}
        disabled={isUnverified}
        title={isUnverified ? 'Not before the receiver is verified' : undefined}
      >
        <Send aria-hidden="true" /> Send test
      </Button>
      <Button isBusy={isPending} onClick={() => setEnabled(!webhook.enabled)}>
        {webhook.enabled ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
        {webhook.enabled ? 'Pause' : 'Resume'}
      </Button>
      <Button onClick={() => setOpened('rotate')}>
        <KeyRound aria-hidden="true" /> Rotate secret
      </Button>
      <Link to={`recover?webhook=${webhook.id}`} className="button plain">
        <RotateCcw aria-hidden="true" /> Recover
      </Link>
      <Button kind="danger" onClick={() => setOpened('delete')}>
        <Trash2 aria-hidden="true" /> Delete
      </Button>
      {error && <Problem error={error} />}
      {opened === 'test' && (
        <Dialog title="Send a test event" onClose={close}>
          <SendTest webhook={webhook} />
        </Dialog>
      )}
      {opened === 'rotate' && <RotateSecret webhookId={webhook.id} onRotated={onRotated} onClose={close} />}
      {opened === 'delete' && <DeleteWebhook webhook={webhook} onClose={close} />}
    </>
  );
}

function DeleteWebhook({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const path = usePagePath();
  const toast = useToast();
  const { mutateAsync } = useQueries().useMutation('delete', '/v1/webhooks/{webhook_id}');
  const remove = async () => {
    await mutateAsync({ params: { path: { webhook_id: webhook.id } } });
    toast.done('The webhook is deleted.');
    await navigate(path('webhooks'));
    await queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks'] });
  };
  return (
    <ConfirmDialog
      title="Delete this webhook?"
      action="Delete webhook"
      isDangerous
      onConfirm={remove}
      onClose={onClose}
    >
      <p className="webhook-address mono">{webhook.url}</p>
      <p>
        Nothing is sent to it any more, and its secret is removed. Deliveries that are pending or held are cancelled.
        What was sent stays in the log for as long as it is kept. This cannot be undone.
      </p>
      {webhook.enabled && <p>To stop it for a while without losing anything, pause it instead.</p>}
    </ConfirmDialog>
  );
}
