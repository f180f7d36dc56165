import { useState } from 'react';
import type { DeliveryDetail } from '../../../../src/client/api-types.js';
import { count } from '../../text/numbers.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Card } from '../../ui/page.js';

/** What every attempt sends, pretty or byte for byte; the copy is always the latter. */
export function RequestBody({ delivery }: { delivery: DeliveryDetail }) {
  const { body } = delivery;
  const [isRaw, setIsRaw] = useState(false);
  if (body === null)
    return (
      <Card title="Body">
        <p className="quiet">{absence(delivery)}</p>
      </Card>
    );
  return (
    <Card
      title="Body"
      actions={
        <button type="button" className="button plain small" aria-pressed={isRaw} onClick={() => setIsRaw(!isRaw)}>
          As sent
        </button>
      }
    >
      <CodeBlock text={body} name="body" isJson={!isRaw} />
      <p className="hint">
        {count(new TextEncoder().encode(body).length)} bytes, the same on every attempt.
        {delivery.request_body_differs &&
          (delivery.batch_id === null
            ? ' The webhook’s transform made it from the event.'
            : ' It has all events of the batch.')}{' '}
        Copying takes it exactly as it is sent.
      </p>
    </Card>
  );
}

function absence({ expunged_at: expungedAt, status, error, attempt_count: attempts }: DeliveryDetail): string {
  if (expungedAt !== null) return 'Its content was erased on request.';
  if (error?.class === 'transform') return 'There is none: the webhook’s transform failed, so nothing was sent.';
  if (attempts === 0 && (status === 'pending' || status === 'held')) return 'It is made just before the first attempt.';
  return 'It is not kept any more: bodies are removed when their retention time is over.';
}
