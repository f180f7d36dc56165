import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldError } from '../../api/api-error.js';
import { useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { Checkbox, Field } from '../../ui/field.js';
import { Problem } from '../../ui/loaded.js';
import { Card } from '../../ui/page.js';
import { TimeRange } from '../../ui/time-range.js';
import { useToast } from '../../ui/toast.js';
import { WebhookOptions } from '../../ui/webhook-name.js';
import { Counted } from './counted.js';
import { EventTypeChoice } from './event-type-choice.js';
import { recoverable, requestOf, type RecoverableStatus, type RecoveryChoice } from './recovery-request.js';

interface NewRecoveryProps {
  choice: RecoveryChoice;
  change: (changes: Record<string, string | null>) => void;
}

/** For a session that may not count either: it can see what others have sent again. */
export function LookAtRecoveries(props: NewRecoveryProps) {
  return (
    <Card title="What was sent again">
      <p className="note">
        This session may only look at recoveries. To start one, open the portal again as somebody who may change
        webhooks.
      </p>
      <WebhookChoice {...props} />
    </Card>
  );
}

function WebhookChoice({ choice, change }: NewRecoveryProps) {
  return (
    <Field label="Webhook">
      <select value={choice.webhook} onChange={(event) => change({ webhook: event.target.value || null })}>
        <option value="">Choose a webhook</option>
        <WebhookOptions chosen={choice.webhook} />
      </select>
    </Field>
  );
}

/** What to send again; it is counted before it can be started. */
export function NewRecovery({ choice, change }: NewRecoveryProps) {
  const queries = useQueries();
  const queryClient = useQueryClient();
  const toast = useToast();
  const key = JSON.stringify(choice);
  const [counted, setCounted] = useState<{ of: string; total: number; isExact: boolean } | null>(null);
  const path = '/v1/webhooks/{webhook_id}/recoveries';
  const count = queries.useMutation('post', path);
  const start = queries.useMutation('post', path);
  const params = { path: { webhook_id: Number(choice.webhook) } };
  const doCount = () => {
    start.reset();
    count.mutate(
      { params, body: { ...requestOf(choice), dry_run: true } },
      {
        onSuccess: ({ recovery }) => setCounted({ of: key, total: recovery.total, isExact: recovery.total_is_exact }),
      },
    );
  };
  const doStart = () =>
    start.mutate(
      { params, body: requestOf(choice) },
      {
        onSuccess: () => {
          setCounted(null);
          toast.done('The recovery has started.');
          void queryClient.invalidateQueries({ queryKey: ['get', path] });
        },
      },
    );
  const error = start.error ?? count.error;
  const withStatus = (status: RecoverableStatus, isChosen: boolean) =>
    change({
      statuses: [...choice.statuses.filter((other) => other !== status), ...(isChosen ? [status] : [])].join(','),
    });
  const isCurrent = counted?.of === key;
  return (
    <Card title="What to send again">
      <div className="recover-form">
        <WebhookChoice choice={choice} change={change} />
        <fieldset>
          <legend>Deliveries that have ended as</legend>
          <div className="recover-statuses">
            {recoverable.map(({ status, title, hint }) => (
              <Checkbox
                key={status}
                label={title}
                hint={hint}
                checked={choice.statuses.includes(status)}
                onChange={(isChosen) => withStatus(status, isChosen)}
              />
            ))}
          </div>
        </fieldset>
        <Checkbox
          label="Also events that have no delivery to this webhook"
          hint="They came before it existed or subscribed to them, or its filter left them out then and lets them pass now."
          checked={choice.includeMissing}
          onChange={(isChosen) => change({ include_missing: isChosen ? 'true' : null })}
        />
        <fieldset>
          <legend>Accepted</legend>
          <TimeRange since={choice.since} until={choice.until} onChange={change} />
        </fieldset>
        <EventTypeChoice
          chosen={choice.eventTypes}
          onChange={(types) => change({ event_types: types.join(',') || null })}
        />
      </div>
      {fieldError(error, 'statuses') && <p className="field-error">Choose at least one kind of delivery.</p>}
      {error !== null && <Problem error={error} />}
      <div role="status">
        {isCurrent && <Counted webhookId={Number(choice.webhook)} total={counted.total} isExact={counted.isExact} />}
      </div>
      <div className="row">
        <Button
          kind={isCurrent ? 'plain' : 'primary'}
          isBusy={count.isPending}
          disabled={choice.webhook === ''}
          onClick={doCount}
        >
          {isCurrent ? 'Count again' : 'Count'}
        </Button>
        {isCurrent && counted.total > 0 && (
          <Button kind="primary" isBusy={start.isPending} onClick={doStart}>
            Send again
          </Button>
        )}
      </div>
    </Card>
  );
}
