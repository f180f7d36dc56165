import {
  Activity,
  ArrowLeft,
  BookOpen,
  DoorOpen,
  Gauge,
  KeyRound,
  ListChecks,
  RotateCcw,
  Webhook,
  Zap,
} from 'lucide-react';
import { Link as RouterLink } from 'react-router';
import { useQueries, useScope, useSession } from '../api/session.js';
import { NavLink } from '../ui/link.js';
import { Frame } from './frame.js';

const pages = [
  { to: '', title: 'Overview', Icon: Gauge },
  { to: 'webhooks', title: 'Webhooks', Icon: Webhook },
  { to: 'deliveries', title: 'Deliveries', Icon: ListChecks },
  { to: 'events', title: 'Events', Icon: Zap },
  { to: 'event-types', title: 'Event types', Icon: BookOpen },
  { to: 'recover', title: 'Recover', Icon: RotateCcw },
  { to: 'keys', title: 'Keys', Icon: KeyRound },
  { to: 'activity', title: 'Activity', Icon: Activity },
];

const pagesOfOperators = [...pages, { to: 'access', title: 'Portal access', Icon: DoorOpen }];

/** The pages of one tenant. */
export function TenantLayout() {
  const session = useSession();
  return (
    <Frame
      head={session.kind === 'operator' ? <TenantOfOperator /> : <OwnTenant />}
      nav={
        <ul>
          {(session.kind === 'operator' ? pagesOfOperators : pages).map(({ to, title, Icon }) => (
            <li key={to}>
              <NavLink to={to}>
                <Icon aria-hidden="true" /> {title}
              </NavLink>
            </li>
          ))}
        </ul>
      }
    />
  );
}

function OwnTenant() {
  const { tenant, return_url: returnUrl } = useSession();
  return (
    <div className="tenant-head">
      {returnUrl && (
        <a href={returnUrl}>
          <ArrowLeft aria-hidden="true" /> Back to the platform
        </a>
      )}
      <strong>{tenant?.name}</strong>
    </div>
  );
}

function TenantOfOperator() {
  const { tenantId } = useScope();
  const { data } = useQueries().useQuery('get', '/v1/tenants/{tenant_id}', {
    params: { path: { tenant_id: tenantId! } },
  });
  return (
    <div className="tenant-head">
      <RouterLink to="/tenants">
        <ArrowLeft aria-hidden="true" /> All tenants
      </RouterLink>
      <strong>{data?.tenant.name ?? tenantId}</strong>
    </div>
  );
}
