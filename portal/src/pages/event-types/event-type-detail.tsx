import type { EventType } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { Badge } from '../../ui/badge.js';
import { CodeBlock } from '../../ui/code-block.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { webhookName } from '../../ui/webhook-name.js';
import { exampleBody, fieldsOf } from './fields.js';

const shownAtMost = 10;

/** One event type: who gets it, its fields, an example. */
export function EventTypeDetail({ type }: { type: EventType }) {
  const { name, description, schema, ordering_key: orderingKey } = type;
  return (
    <>
      <Card
        title={
          <>
            <code>{name}</code> <CopyButton text={name} of="the name" />
          </>
        }
        actions={
          <>
            <Link to={`deliveries?event_type=${name}`}>Deliveries</Link>
            <Link to={`events?event_type=${name}`}>Events</Link>
          </>
        }
      >
        <p>{description}</p>
        {orderingKey !== null && (
          <p className="quiet">
            Events with the same <code>{orderingKey}</code> are numbered 1, 2, 3 …; a webhook can have them in order.
          </p>
        )}
        <Subscribers name={name} />
      </Card>
      <Card title="Fields of data">
        <Table name={`Fields of ${name}`} columns={['Field', { title: 'Type', wideOnly: true }, 'Meaning']}>
          {fieldsOf(schema).map(({ name: field, type: words, isRequired, description: meaning, values }) => (
            <tr key={field}>
              <th scope="row">
                <code>{field}</code>
                <span className="narrow-only quiet optional">{words}</span>
                {!isRequired && <span className="quiet optional"> may be missing</span>}
              </th>
              <td className="wide-only">{words}</td>
              <td>
                <Prose text={meaning} />
                {values.length > 0 && (
                  <div className="values">
                    {values.length === 1 ? 'Always' : 'One of'}{' '}
                    {values.map((value) => (
                      <code key={value}>{value}</code>
                    ))}
                  </div>
                )}
              </td>
            </tr>
          ))}
        </Table>
        <p className="quiet">More fields may be added later; ignore those that you do not know.</p>
        <details>
          <summary>Show the JSON Schema</summary>
          <CodeBlock text={JSON.stringify(schema, null, 2)} name="JSON Schema" />
        </details>
      </Card>
      <Card title="Example body">
        <CodeBlock text={exampleBody(type)} name={`Example of ${name}`} />
      </Card>
    </>
  );
}

/** Text in which `words` are code. */
function Prose({ text }: { text: string }) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}

function Subscribers({ name }: { name: string }) {
  const mayWrite = useMay('webhooks:write');
  const { data } = useQueries().useQuery(
    'get',
    '/v1/webhooks',
    { params: { query: { limit: 200 } } },
    { staleTime: 60_000 },
  );
  if (!data) return null;
  const subscribed = data.webhooks.filter(({ events }) => events.includes(name) || events.includes('*'));
  return (
    <div className="row subscribers">
      <span className="quiet">Webhooks that get it:</span>
      {subscribed.slice(0, shownAtMost).map((webhook) => (
        <Link key={webhook.id} to={`webhooks/${webhook.id}`}>
          {webhookName(webhook)}
        </Link>
      ))}
      {subscribed.length > shownAtMost && <span>and {subscribed.length - shownAtMost} more</span>}
      {subscribed.length === 0 && <Badge tone="quiet">none</Badge>}
      {data.next_cursor !== null && <span className="quiet">(of the newest {data.webhooks.length})</span>}
      {subscribed.length === 0 && mayWrite && <Link to="webhooks/new">Create a webhook</Link>}
    </div>
  );
}
