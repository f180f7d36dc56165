import { useQueryClient } from '@tanstack/react-query';
import type { Webhook } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { Link } from '../../ui/link.js';
import { Problem } from '../../ui/loaded.js';
import { Time } from '../../ui/time.js';
import { useResume } from './use-resume.js';
import { stateOf } from './webhook-state.js';

/** What the matter is, since when, and what to do about it. */
export function WebhookHealth({ webhook }: { webhook: Webhook }) {
  const { tone, since, says, advice, label } = stateOf(webhook);
  const mayWrite = useMay('webhooks:write');
  return (
    <section className={`note ${tone}`} aria-labelledby="health">
      <h2 id="health">
        {label}
        {since !== null && (
          <span className="health-since">
            {' '}
            since <Time value={since} /> (<Time value={since} as="relative" />)
          </span>
        )}
      </h2>
      <p>{says}</p>
      {advice !== null && <p>{advice}</p>}
      {webhook.settling_since !== null && (
        <p>
          Its deliveries are being updated after a change of its settings, since{' '}
          <Time value={webhook.settling_since} as="relative" />.
        </p>
      )}
      <div className="row health-actions">
        {mayWrite && !webhook.enabled && <ResumeButton webhook={webhook} />}
        {mayWrite && webhook.verification.status === 'pending' && <VerifyButton webhook={webhook} />}
        {(webhook.health.state !== 'healthy' || webhook.health.consecutive_failures > 0) && (
          <>
            <Link to={`deliveries?webhook=${webhook.id}&status=failed`}>Failed deliveries</Link>
            {mayWrite && <Link to={`recover?webhook=${webhook.id}`}>Recover what has failed</Link>}
          </>
        )}
      </div>
    </section>
  );
}

function ResumeButton({ webhook }: { webhook: Webhook }) {
  const { setEnabled, isPending, error } = useResume(webhook.id);
  return (
    <>
      <Button isBusy={isPending} onClick={() => setEnabled(true)}>
        Resume
      </Button>
      {error && <Problem error={error} />}
    </>
  );
}

function VerifyButton({ webhook }: { webhook: Webhook }) {
  const queryClient = useQueryClient();
  const { mutate, isPending, error } = useQueries().useMutation('post', '/v1/webhooks/{webhook_id}/verify', {
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks/{webhook_id}'] }),
  });
  const isAsked = webhook.verification.last_error === null;
  return (
    <>
      <Button isBusy={isPending} onClick={() => mutate({ params: { path: { webhook_id: webhook.id } } })}>
        {isAsked ? 'Ask it now' : 'Verify again'}
      </Button>
      {error && <Problem error={error} />}
    </>
  );
}
