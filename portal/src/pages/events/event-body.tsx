import { EyeOff } from 'lucide-react';
import type { EventDetail } from '../../../../src/client/api-types.js';
import { useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Problem } from '../../ui/loaded.js';
import { Card } from '../../ui/page.js';

interface BodyProps {
  event: EventDetail;
  onReveal: (event: EventDetail) => void;
}

/** What deliveries send, unless their webhook has a transform or batches. */
export function EventBody({ event, onReveal }: BodyProps) {
  return (
    <Card title="Body">
      {event.body !== null ? (
        <>
          <CodeBlock text={event.body} name="the body" />
          <p className="hint">
            Sent as it is to webhooks without a transform or batches. Copying takes it exactly as it is sent.
          </p>
        </>
      ) : event.expunged_at !== null ? (
        <p className="quiet">Its content was erased on request.</p>
      ) : event.bodies_hidden ? (
        <Hidden event={event} onReveal={onReveal} />
      ) : (
        <p className="quiet">It is not kept any more: bodies are removed when their retention time is over.</p>
      )}
    </Card>
  );
}

/** An operator sees a tenant's content only when the audit log says so. */
function Hidden({ event, onReveal }: BodyProps) {
  const reveal = useQueries().useMutation('post', '/v1/events/{event_id}/reveal', {
    onSuccess: (answer) => onReveal(answer.event),
  });
  return (
    <>
      <p className="row">
        <EyeOff aria-hidden="true" /> Hidden. Showing it is recorded in the audit log.
      </p>
      {reveal.error !== null && <Problem error={reveal.error} />}
      <div>
        <Button isBusy={reveal.isPending} onClick={() => reveal.mutate({ params: { path: { event_id: event.id } } })}>
          Show it
        </Button>
      </div>
    </>
  );
}
