import { useMay } from '../../api/session.js';
import { counted } from '../../text/numbers.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';

/** Without any webhook: how to get the first delivery. `events` were accepted meanwhile. */
export function FirstSteps({ events }: { events: number }) {
  const mayWrite = useMay('webhooks:write');
  return (
    <Card title="Get your first delivery">
      <p>
        A webhook is a url of yours to which events are sent, such as a call that has ended. There is none yet.
        {events > 0 && (
          <>
            {' '}
            Meanwhile <Link to="events">{counted(events, 'event')}</Link> happened; once you have a webhook, you can
            have them sent to it.
          </>
        )}
      </p>
      <ol className="steps">
        <li>
          <strong>Choose events.</strong> <Link to="event-types">See which there are</Link>, each with an example.
        </li>
        <li>
          <strong>Create a webhook.</strong>{' '}
          {mayWrite
            ? 'All it needs is a url. Slack, Zapier and others have templates.'
            : 'Your session may only read: ask your platform for access to change webhooks.'}
        </li>
        <li>
          <strong>Send a test.</strong> The webhook’s page has a button for it, and shows what your server answered.
        </li>
      </ol>
      {mayWrite && (
        <div className="row">
          <Link className="button primary" to="webhooks/new">
            Create a webhook
          </Link>
          <Link className="button" to="event-types">
            Show event types
          </Link>
        </div>
      )}
    </Card>
  );
}
