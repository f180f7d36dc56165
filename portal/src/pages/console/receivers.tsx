import { pages } from '../../api/pages.js';
import { useQueries } from '../../api/session.js';
import { count, counted } from '../../text/numbers.js';
import type { components } from '../../../../src/client/api-types.js';
import { Badge } from '../../ui/badge.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { useUrlFilters } from '../../ui/url-filters.js';
import './console.css';

type Receiver = components['schemas']['ReceiverInTrouble'];

const states = [
  { value: null, title: 'All' },
  { value: 'failing', title: 'Failing' },
  { value: 'disabled', title: 'Disabled' },
] as const;

const columns = [
  'Receiver',
  'State',
  'Since',
  { title: 'Waiting', align: 'right' },
  { title: 'Why', wideOnly: true },
] as const;

/** Webhooks of all tenants whose receivers fail, longest first. */
export function Receivers() {
  const [parameters, change] = useUrlFilters();
  const state = states.find(({ value }) => value === parameters.get('state'))?.value ?? null;
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/platform/receivers',
    { params: { query: { limit: 50, ...(state && { state }) } } },
    { ...pages, refetchInterval: 15_000 },
  );
  return (
    <Page
      title="Receivers in trouble"
      lead="Failing: their last deliveries failed. Disabled: they failed for so long, or asked for it, that nothing is sent any more. The longest in trouble come first."
    >
      <div className="segments" role="group" aria-label="State">
        {states.map(({ value, title }) => (
          <button key={title} type="button" aria-pressed={value === state} onClick={() => change({ state: value })}>
            {title}
          </button>
        ))}
      </div>
      <Loaded query={query} lines={6}>
        {(data) => {
          const receivers = data.pages.flatMap((page) => page.receivers);
          if (receivers.length === 0 && !query.hasNextPage) return <NoReceivers state={state} />;
          return (
            <Table name="Receivers in trouble" columns={columns}>
              {receivers.map((receiver) => (
                <Row key={receiver.webhook_id} receiver={receiver} />
              ))}
            </Table>
          );
        }}
      </Loaded>
      <LoadMore query={query} />
    </Page>
  );
}

function Row({ receiver }: { receiver: Receiver }) {
  const { tenant, webhook_id: webhookId, url, state, since, last_error: lastError } = receiver;
  return (
    <tr>
      <th scope="row" className="receiver">
        <Link to={`tenants/${tenant.id}/webhooks/${webhookId}`} className="console-url" title={url}>
          {url}
        </Link>
        <div className="console-id">
          Webhook {webhookId} of <Link to={`tenants/${tenant.id}`}>{tenant.name}</Link>
        </div>
      </th>
      <td>
        {state === 'disabled' ? <Badge tone="bad">Disabled</Badge> : <Badge tone="warn">Failing</Badge>}
        <div className="console-id nowrap">{counted(receiver.consecutive_failures, 'failure')} in a row</div>
      </td>
      <td className="nowrap">
        <Time value={since} as="relative" />
      </td>
      <td className="right">{count(receiver.pending_deliveries)}</td>
      <td className="wide-only receiver-error">{lastError ?? <span className="quiet">Not known</span>}</td>
    </tr>
  );
}

function NoReceivers({ state }: { state: 'failing' | 'disabled' | null }) {
  return (
    <EmptyState title={state === null ? 'No receiver is in trouble' : `No receiver is ${state}`}>
      <p>
        A receiver comes here when its last five deliveries failed, or everything within ten minutes. Its tenant is told
        by an event, too.
      </p>
    </EmptyState>
  );
}
