import { Plus } from 'lucide-react';
import type { Webhook } from '../../../../src/client/api-types.js';
import { pages } from '../../api/pages.js';
import { useMay, useQueries } from '../../api/session.js';
import { count } from '../../text/numbers.js';
import { Badge } from '../../ui/badge.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { eventsInShort, stateOf } from './webhook-state.js';
import './webhooks.css';

const refreshMs = 15_000;

/** All webhooks of the tenant, newest first. */
export function Webhooks() {
  const mayWrite = useMay('webhooks:write');
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/webhooks',
    {},
    {
      ...pages,
      // More pages are read again only when somebody asks.
      refetchInterval: ({ state }) => (state.data && state.data.pages.length > 1 ? false : refreshMs),
    },
  );
  return (
    <Page
      title="Webhooks"
      lead="The urls that your events are sent to, and how each of them is doing."
      actions={mayWrite && <NewButton />}
    >
      <Loaded query={query} lines={6}>
        {(data) => {
          const webhooks = data.pages.flatMap((page) => page.webhooks);
          return webhooks.length === 0 ? <NoWebhooks mayWrite={mayWrite} /> : <WebhookTable webhooks={webhooks} />;
        }}
      </Loaded>
      <LoadMore query={query} />
    </Page>
  );
}

const NewButton = () => (
  <Link to="webhooks/new" className="button primary">
    <Plus aria-hidden="true" /> New webhook
  </Link>
);

function NoWebhooks({ mayWrite }: { mayWrite: boolean }) {
  return (
    <EmptyState title="No webhook yet">
      <p>
        A webhook sends your events, such as answered calls and received messages, to a url of yours or to a service
        like Slack.{' '}
        {mayWrite
          ? 'Add one, then send a test event to see that it arrives.'
          : 'This session may only look; whoever may change webhooks can add one.'}
      </p>
      {mayWrite && <NewButton />}
    </EmptyState>
  );
}

const columns = [
  'Webhook',
  'Health',
  { title: 'Event types', wideOnly: true },
  { title: 'Delivered', align: 'right' as const, wideOnly: true },
  { title: 'Failed', align: 'right' as const, wideOnly: true },
  { title: 'Last success', wideOnly: true },
];

function WebhookTable({ webhooks }: { webhooks: Webhook[] }) {
  return (
    <Table name="Webhooks" columns={columns}>
      {webhooks.map((webhook) => (
        <tr key={webhook.id}>
          <th scope="row" className="webhook-name">
            <Link to={`webhooks/${webhook.id}`}>{webhook.description ?? webhook.url}</Link>
            {webhook.description !== null && (
              <span className="webhook-url quiet mono" title={webhook.url}>
                {webhook.url}
              </span>
            )}
          </th>
          <td>
            <WebhookBadges webhook={webhook} />
          </td>
          <td className="wide-only" title={webhook.events.join(', ')}>
            {eventsInShort(webhook.events)}
          </td>
          <td className="wide-only right">{count(webhook.successful_deliveries)}</td>
          <td className="wide-only right">{count(webhook.failed_deliveries)}</td>
          <td className="wide-only nowrap">
            {webhook.last_success_at === null ? (
              <span className="quiet">never</span>
            ) : (
              <Time value={webhook.last_success_at} as="relative" />
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Its state in a word; the reason is in the title. */
export function WebhookBadges({ webhook }: { webhook: Webhook }) {
  const { label, tone, says } = stateOf(webhook);
  return (
    <span className="row">
      <Badge tone={tone} title={says}>
        {label}
      </Badge>
      {webhook.settling_since !== null && (
        <Badge tone="info" title="Its deliveries are being updated after a change of its settings.">
          Settling
        </Badge>
      )}
    </span>
  );
}
