import type { Attempt, Delivery, Webhook } from '../../../../src/client/api-types.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Card } from '../../ui/page.js';
import { buildCurl, maskedHeaders, withOrderingKey } from './build-curl.js';

interface RepeatProps {
  delivery: Delivery;
  body: string;
  attempt: Attempt;
  webhook: Webhook | 'deleted' | undefined;
}

/** The same request from the reader's own terminal. */
export function Repeat({ delivery, body, attempt, webhook }: RepeatProps) {
  const headers = withOrderingKey(attempt.request_headers ?? {}, delivery.ordering_key);
  const url =
    webhook === undefined || webhook === 'deleted'
      ? null
      : attempt.target === 'fallback'
        ? (webhook.fallback_url ?? webhook.url)
        : webhook.url;
  const masked = maskedHeaders(headers);
  return (
    <Card title="Repeat it with curl">
      <p>
        Sends the same body and headers from your terminal (any POSIX shell, with openssl). Receivers refuse an old
        timestamp, so it signs with the time of now: fill in the webhook’s secret first. It does not appear in this log.
      </p>
      {masked.length > 0 && (
        <p className="note">
          Fill in also what the log does not show: <code>{masked.join(', ')}</code>
        </p>
      )}
      <CodeBlock text={buildCurl({ url, body, headers })} name="curl command" isJson={false} />
    </Card>
  );
}
