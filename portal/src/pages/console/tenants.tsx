import { useCallback } from 'react';
import { pages } from '../../api/pages.js';
import { useQueries } from '../../api/session.js';
import { count } from '../../text/numbers.js';
import type { components } from '../../../../src/client/api-types.js';
import { Badge } from '../../ui/badge.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { SearchInput } from '../../ui/search-input.js';
import { Table } from '../../ui/table.js';
import { Time, useNow } from '../../ui/time.js';
import { useUrlFilters } from '../../ui/url-filters.js';
import { troublesOf } from './tenant-trouble.js';
import './console.css';

type Tenant = components['schemas']['TenantOverview'];

const columns = [
  'Tenant',
  'State',
  { title: 'Waiting', align: 'right' },
  { title: 'Oldest', wideOnly: true },
  { title: 'Events 24 h', align: 'right', wideOnly: true },
  { title: 'Failed 24 h', align: 'right', wideOnly: true },
  { title: 'Attempts 24 h', align: 'right', wideOnly: true },
] as const;

/** All tenants at a glance. */
export function Tenants() {
  const [parameters, change] = useUrlFilters();
  const q = parameters.get('q') ?? '';
  const search = useCallback((text: string) => change({ q: text || null }), [change]);
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/platform/tenants',
    { params: { query: { limit: 50, ...(q && { q }) } } },
    { ...pages, refetchInterval: 15_000 },
  );
  return (
    <Page title="Tenants" lead="What waits, fails and is used, newest tenant first. Open one to see its pages.">
      <SearchInput
        label="Find a tenant"
        placeholder="Part of its name, its id, or your own id for it"
        value={q}
        onChange={search}
      />
      <Loaded query={query} lines={8}>
        {(data) => {
          const tenants = data.pages.flatMap((page) => page.tenants);
          if (tenants.length === 0) return <NoTenants q={q} mayBeFurther={query.hasNextPage} />;
          return (
            <Table name="Tenants" columns={columns}>
              {tenants.map((tenant) => (
                <Row key={tenant.id} tenant={tenant} />
              ))}
            </Table>
          );
        }}
      </Loaded>
      <LoadMore query={query} />
    </Page>
  );
}

function Row({ tenant }: { tenant: Tenant }) {
  const troubles = troublesOf(tenant, useNow());
  const { events, attempts, failed, expired } = tenant.last_24_hours;
  return (
    <tr>
      <th scope="row" className="console-who">
        <Link to={`tenants/${tenant.id}`} className="console-name">
          {tenant.name}
        </Link>
        <div className="console-id">{tenant.external_id ?? tenant.id}</div>
        <Link
          to={`tenants/${tenant.id}/access`}
          className="console-more"
          aria-label={`Portal access of ${tenant.name}`}
        >
          Portal access
        </Link>
      </th>
      <td>
        <div className="row">
          {troubles.map(({ tone, text }) => (
            <Badge key={text} tone={tone}>
              {text}
            </Badge>
          ))}
          {troubles.length === 0 && <State tenant={tenant} />}
        </div>
      </td>
      <td className="right">{count(tenant.pending_deliveries)}</td>
      <td className="wide-only nowrap">
        <Time value={tenant.oldest_pending_at} as="relative" />
      </td>
      <td className="wide-only right">{count(events)}</td>
      <td className="wide-only right">{count(failed + expired)}</td>
      <td className="wide-only right">{count(attempts)}</td>
    </tr>
  );
}

function State({ tenant }: { tenant: Tenant }) {
  return tenant.webhooks === 0 ? <Badge tone="quiet">No webhooks</Badge> : <Badge tone="good">Fine</Badge>;
}

function NoTenants({ q, mayBeFurther }: { q: string; mayBeFurther: boolean }) {
  if (mayBeFurther)
    return (
      <EmptyState title={`No tenant like “${q}” so far`}>
        <p>Many tenants were looked at, but not all. “Show more” looks further.</p>
      </EmptyState>
    );
  if (q)
    return (
      <EmptyState title={`No tenant is called anything like “${q}”`}>
        <p>
          Names, ids and your own ids for tenants were compared.{' '}
          <Link to={`search?q=${encodeURIComponent(q)}`}>Search</Link> looks for webhooks, events and deliveries, too.
        </p>
      </EmptyState>
    );
  return (
    <EmptyState title="There is no tenant yet">
      <p>
        The platform creates them: <code>POST /v1/tenants</code>
      </p>
    </EmptyState>
  );
}
