import type { Webhook } from '../../../../src/client/api-types.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Link } from '../../ui/link.js';
import { Card, Page } from '../../ui/page.js';
import { SecretOnce } from './secret-once.js';
import { SendTest } from './send-test.js';

const snippet = `import { Webhook } from 'standardwebhooks';

// rawBody: the bytes as they came, before anything parses them
const event = new Webhook(process.env.IRISX_WEBHOOK_SECRET)
  .verify(rawBody, request.headers); // throws when it is not valid`;

/** After a webhook was made: its secret, how to check signatures, and a test. */
export function CreatedWebhook({ webhook, secret }: { webhook: Webhook; secret: string }) {
  const isPending = webhook.verification.status === 'pending';
  return (
    <Page
      title="Your webhook is ready"
      trail={<Link to="webhooks">Webhooks</Link>}
      lead={webhook.url}
      actions={
        <Link to={`webhooks/${webhook.id}`} className="button plain">
          Go to the webhook
        </Link>
      }
    >
      <Card title="1. Keep the signing secret">
        <SecretOnce secret={secret} />
      </Card>
      {webhook.template === null && (
        <Card title="2. Check signatures">
          <p>
            Every request is signed with this secret, so that your receiver can tell ours from others. With a{' '}
            <a href="https://www.standardwebhooks.com" target="_blank" rel="noreferrer">
              Standard Webhooks
            </a>{' '}
            library, which there is for most languages:
          </p>
          <CodeBlock name="How to check a signature" text={snippet} isJson={false} />
          <p>
            Without a library: <code>X-IRISX-Signature</code> is <code>sha256=</code> and the hexadecimal HMAC-SHA256 of{' '}
            <code>X-IRISX-Timestamp</code>, a dot and the raw body, with the whole secret as the key. See the{' '}
            <a href="/docs" target="_blank" rel="noreferrer">
              documentation of the API
            </a>
            .
          </p>
        </Card>
      )}
      <Card title={webhook.template === null ? '3. Send a test event' : '2. Send a test event'}>
        {isPending ? (
          <p>
            The receiver is being asked to confirm that it wants these events; before it has, no test can be sent. See{' '}
            <Link to={`webhooks/${webhook.id}`}>how that goes</Link>.
          </p>
        ) : (
          <SendTest webhook={webhook} />
        )}
      </Card>
    </Page>
  );
}
