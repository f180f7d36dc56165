import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Recovery } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { count, percent } from '../../text/numbers.js';
import { Button } from '../../ui/button.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { Time } from '../../ui/time.js';
import { progressOf } from './progress.js';

/** How far it is, to cancel it. */
export function RunningRecovery({ webhookId, recovery }: { webhookId: number; recovery: Recovery }) {
  const mayWrite = useMay('webhooks:write');
  const [isAsking, setIsAsking] = useState(false);
  const { waiting, onTheirWay, ended } = progressOf(recovery);
  const { data } = useQueries().useQuery('get', '/v1/webhooks/{webhook_id}', {
    params: { path: { webhook_id: webhookId } },
  });
  return (
    <Card
      title="A recovery is running"
      actions={
        mayWrite && (
          <Button kind="danger" onClick={() => setIsAsking(true)}>
            Cancel it
          </Button>
        )
      }
    >
      <div className="recovery-progress">
        <progress max={Math.max(1, recovery.total)} value={ended} aria-label="Part of the recovery that has ended" />
        <strong>{percent(ended, recovery.total) ?? '0 %'}</strong>
      </div>
      <dl className="recovery-figures">
        <Figure name={recovery.total_is_exact ? 'In all' : 'In all, at least'} value={recovery.total} />
        <Figure name="Not yet begun" value={waiting} />
        <Figure name="On their way" value={onTheirWay} />
        <Figure name="Delivered" value={recovery.delivered} />
        <Figure name="Failed again" value={recovery.failed} />
      </dl>
      {data && !data.webhook.enabled && (
        <p className="note warn">
          It waits, as the webhook takes nothing now.{' '}
          <Link to={`webhooks/${webhookId}`}>Open the webhook to enable it</Link>
        </p>
      )}
      <p className="quiet">
        Started <Time value={recovery.created_at} as="relative" />. Live events go first.{' '}
        <Link to={`deliveries?webhook=${webhookId}`}>Deliveries of the webhook</Link>
      </p>
      {isAsking && (
        <CancelDialog webhookId={webhookId} recovery={recovery} waiting={waiting} onClose={() => setIsAsking(false)} />
      )}
    </Card>
  );
}

const Figure = ({ name, value }: { name: string; value: number }) => (
  <div>
    <dt className="quiet">{name}</dt>
    <dd>{count(value)}</dd>
  </div>
);

interface CancelProps {
  webhookId: number;
  recovery: Recovery;
  waiting: number;
  onClose: () => void;
}

function CancelDialog({ webhookId, recovery, waiting, onClose }: CancelProps) {
  const queryClient = useQueryClient();
  const cancel = useQueries().useMutation('delete', '/v1/webhooks/{webhook_id}/recoveries/{recovery_id}', {
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks/{webhook_id}/recoveries'] }),
  });
  return (
    <ConfirmDialog
      title="Cancel the recovery?"
      action="Cancel the recovery"
      isDangerous
      onConfirm={() => cancel.mutateAsync({ params: { path: { webhook_id: webhookId, recovery_id: recovery.id } } })}
      onClose={onClose}
    >
      <p>
        {waiting === 0
          ? 'All of it is on its way already and is still delivered.'
          : `${count(waiting)} not yet begun stay as they were. What is on its way is still delivered.`}{' '}
        You can start another recovery for the rest at any time.
      </p>
    </ConfirmDialog>
  );
}
