import type { EventDetail } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { Link } from '../../ui/link.js';
import { Problem, Skeleton } from '../../ui/loaded.js';
import { dataOf, recoverLink } from './missed.js';

/** Asks a webhook's filter, as it is now, why it does not let the event pass. */
export function WhyFiltered({ event, webhookId }: { event: EventDetail; webhookId: number }) {
  const mayWrite = useMay('webhooks:write');
  const payload = dataOf(event.body);
  const { data, error } = useQueries().useQuery(
    'post',
    '/v1/webhooks/{webhook_id}/filter/test',
    {
      params: { path: { webhook_id: webhookId } },
      body: { event_type: event.event_type as never, payload: payload ?? {} },
    },
    { enabled: payload !== null, staleTime: Infinity },
  );
  if (payload === null) return null;
  if (error) return <Problem error={error} />;
  if (!data) return <Skeleton lines={1} />;
  if (data.matches)
    return (
      <p>
        As it is now, its filter lets this event pass.{' '}
        {mayWrite && <Link to={recoverLink(event, webhookId)}>Have it sent now</Link>}
      </p>
    );
  return (
    <ul className="unmet">
      {data.failed.map(({ path, condition, value }) => (
        <li key={`${path} ${JSON.stringify(condition)}`}>
          <code>{path}</code> must be <code>{JSON.stringify(condition)}</code>, but is{' '}
          <code>{JSON.stringify(value)}</code>.
        </li>
      ))}
    </ul>
  );
}
