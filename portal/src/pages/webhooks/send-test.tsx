import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Delivery, Webhook } from '../../../../src/client/api-types.js';
import { useQueries } from '../../api/session.js';
import { errorWords } from '../../text/deliveries.js';
import { duration } from '../../text/times.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { DeliveryStatusBadge } from '../../ui/delivery-status.js';
import { EventTypeOptions } from '../../ui/event-type-options.js';
import { Field } from '../../ui/field.js';
import { Link } from '../../ui/link.js';
import { Problem } from '../../ui/loaded.js';
import { Time } from '../../ui/time.js';
import type { EventTypeName } from './sample-event.js';

const pollMs = 700;

/** Sends a test event and shows what becomes of it. */
export function SendTest({ webhook }: { webhook: Pick<Webhook, 'id' | 'events'> }) {
  const first = webhook.events[0];
  const [eventType, setEventType] = useState(
    (first === undefined || first === '*' ? 'webhook.test' : first) as EventTypeName,
  );
  const queryClient = useQueryClient();
  const { mutate, isPending, error, data } = useQueries().useMutation('post', '/v1/webhooks/{webhook_id}/test', {
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks/{webhook_id}/deliveries'] }),
  });
  const send = () => mutate({ params: { path: { webhook_id: webhook.id } }, body: { event_type: eventType } });
  return (
    <div className="stack">
      <div className="field-row">
        <Field label="Event type" hint="The example of this type is sent, signed as a real one.">
          <select value={eventType} onChange={(event) => setEventType(event.target.value as EventTypeName)}>
            <EventTypeOptions chosen={eventType} />
          </select>
        </Field>
        <Button kind="primary" isBusy={isPending} onClick={send}>
          {data ? 'Send another' : 'Send a test event'}
        </Button>
      </div>
      {error && <Problem error={error} />}
      {data && <TestResult key={data.delivery.id} sent={data.delivery} />}
    </div>
  );
}

function TestResult({ sent }: { sent: Delivery }) {
  const query = useQueries().useQuery(
    'get',
    '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}',
    { params: { path: { webhook_id: sent.webhook_id, delivery_id: sent.id } } },
    { refetchInterval: ({ state }) => (state.data && state.data.delivery.status !== 'pending' ? false : pollMs) },
  );
  const delivery: Delivery = query.data?.delivery ?? sent;
  return (
    <div className="test-result stack">
      <div className="row" role="status">
        <DeliveryStatusBadge status={delivery.status} />
        <span>{progressOf(delivery)}</span>
        {delivery.status === 'pending' && delivery.next_attempt_at !== null && delivery.attempt_count > 0 && (
          <span>
            Next attempt <Time value={delivery.next_attempt_at} as="relative" />.
          </span>
        )}
      </div>
      {query.error && <Problem error={query.error} />}
      {delivery.error && <p>{delivery.error.message}</p>}
      {delivery.response_body ? <CodeBlock name="Answer of the receiver" text={delivery.response_body} /> : null}
      <p>
        <Link to={`webhooks/${delivery.webhook_id}/deliveries/${delivery.id}`}>Show the delivery</Link>
      </p>
    </div>
  );
}

function progressOf({
  attempt_count: attempts,
  status_code: status,
  duration_ms: ms,
  error,
  status: state,
}: Delivery): string {
  if (attempts === 0) return state === 'pending' ? 'On its way …' : '';
  const tries = attempts === 1 ? '' : ` Attempt ${attempts}.`;
  const took = ms === null ? '' : ` in ${duration(ms)}`;
  if (error) return `${errorWords(error, status)}${took}.${tries}`;
  return `The receiver answered ${status}${took}.${tries}`;
}
