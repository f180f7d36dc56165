import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldError } from '../../api/api-error.js';
import { useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Field } from '../../ui/field.js';
import { Problem } from '../../ui/loaded.js';
import { ShownOnce } from '../../ui/shown-once.js';
import { Time } from '../../ui/time.js';

const overlaps = [
  { seconds: 86_400, label: 'for a day' },
  { seconds: 3_600, label: 'for an hour' },
  { seconds: 604_800, label: 'for a week' },
  { seconds: 0, label: 'not any more: it has leaked' },
];

export interface RotatedSecret {
  secret: string;
  previous_secret_expires_at: string | null;
}

/** Replaces the signing secret. */
export function RotateSecret({
  webhookId,
  onRotated,
  onClose,
}: {
  webhookId: number;
  onRotated: (rotated: RotatedSecret) => void;
  onClose: () => void;
}) {
  const [overlap, setOverlap] = useState(overlaps[0]!.seconds);
  const queryClient = useQueryClient();
  const { mutate, isPending, error } = useQueries().useMutation('post', '/v1/webhooks/{webhook_id}/rotate-secret', {
    onSuccess: (rotated) => {
      onRotated(rotated);
      onClose();
      return queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks/{webhook_id}'] });
    },
  });
  const rotate = () => mutate({ params: { path: { webhook_id: webhookId } }, body: { overlap_seconds: overlap } });
  return (
    <Dialog
      title="Rotate the signing secret"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" isBusy={isPending} onClick={rotate}>
            Rotate secret
          </Button>
        </>
      }
    >
      <p>
        A new secret is made and shown once. During an overlap requests are signed with the old one, too, so that the
        receiver can change without refusing any. A rotation during an overlap ends the oldest secret.
      </p>
      <Field label="Sign with the old secret, too" error={fieldError(error, 'overlap_seconds')}>
        <select value={overlap} onChange={(event) => setOverlap(Number(event.target.value))}>
          {overlaps.map(({ seconds, label }) => (
            <option key={seconds} value={seconds}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      {error && <Problem error={error} />}
    </Dialog>
  );
}

/** The new secret, in the only moment in which it is shown. */
export function NewSecret({ rotated, onDone }: { rotated: RotatedSecret; onDone: () => void }) {
  return (
    <ShownOnce title="The new signing secret" value={rotated.secret} of="the signing secret" onDone={onDone}>
      <p>
        It is shown now and never again.{' '}
        {rotated.previous_secret_expires_at === null ? (
          'The old secret is not used any more: give the receiver the new one now.'
        ) : (
          <>
            Until <Time value={rotated.previous_secret_expires_at} as="full" />, requests are signed with both secrets:
            give the receiver the new one before.
          </>
        )}
      </p>
    </ShownOnce>
  );
}
