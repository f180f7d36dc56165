import { createBrowserRouter, Navigate, RouterProvider, useParams, type RouteObject } from 'react-router';
import { ApiProvider, SessionProvider, useSession } from './api/session.js';
import { basePath, isConsole } from './place.js';
import { ConsoleLayout } from './layout/console-layout.js';
import { Gate } from './layout/gate.js';
import { RouteError } from './layout/route-error.js';
import { TenantLayout } from './layout/tenant-layout.js';
import { Toasts } from './ui/toast.js';

/** What a tenant sees. An operator sees the same of each tenant. */
const tenantPages: RouteObject[] = [
  { index: true, lazy: async () => ({ Component: (await import('./pages/overview/overview.js')).Overview }) },
  { path: 'webhooks', lazy: async () => ({ Component: (await import('./pages/webhooks/webhooks.js')).Webhooks }) },
  {
    path: 'webhooks/new',
    lazy: async () => ({ Component: (await import('./pages/webhooks/new-webhook.js')).NewWebhook }),
  },
  {
    path: 'webhooks/:webhookId',
    lazy: async () => ({ Component: (await import('./pages/webhooks/webhook.js')).Webhook }),
  },
  {
    path: 'webhooks/:webhookId/settings',
    lazy: async () => ({ Component: (await import('./pages/webhooks/webhook-settings.js')).WebhookSettings }),
  },
  {
    path: 'deliveries',
    lazy: async () => ({ Component: (await import('./pages/deliveries/deliveries.js')).Deliveries }),
  },
  {
    path: 'webhooks/:webhookId/deliveries/:deliveryId',
    lazy: async () => ({ Component: (await import('./pages/delivery/delivery.js')).Delivery }),
  },
  { path: 'events', lazy: async () => ({ Component: (await import('./pages/events/events.js')).Events }) },
  { path: 'events/:eventId', lazy: async () => ({ Component: (await import('./pages/events/event.js')).Event }) },
  {
    path: 'event-types',
    lazy: async () => ({ Component: (await import('./pages/event-types/event-types.js')).EventTypes }),
  },
  { path: 'recover', lazy: async () => ({ Component: (await import('./pages/recover/recover.js')).Recover }) },
  { path: 'keys', lazy: async () => ({ Component: (await import('./pages/keys/keys.js')).Keys }) },
  { path: 'activity', lazy: async () => ({ Component: (await import('./pages/activity/activity.js')).Activity }) },
  { path: '*', lazy: async () => ({ Component: (await import('./layout/not-found.js')).NotFound }) },
];

/** Of a tenant, for operators only. */
const tenantPagesOfConsole: RouteObject[] = [
  { path: 'access', lazy: async () => ({ Component: (await import('./pages/console/access.js')).Access }) },
];

const consolePages: RouteObject[] = [
  { index: true, element: <Navigate to="/tenants" replace /> },
  { path: 'tenants', lazy: async () => ({ Component: (await import('./pages/console/tenants.js')).Tenants }) },
  { path: 'receivers', lazy: async () => ({ Component: (await import('./pages/console/receivers.js')).Receivers }) },
  { path: 'search', lazy: async () => ({ Component: (await import('./pages/console/search.js')).Search }) },
  { path: 'platform', lazy: async () => ({ Component: (await import('./pages/console/platform.js')).Platform }) },
  { path: '*', lazy: async () => ({ Component: (await import('./layout/not-found.js')).NotFound }) },
];

const routes: RouteObject[] = isConsole
  ? [
      {
        path: '/tenants/:tenantId',
        element: <TenantOfConsole />,
        children: [...tenantPagesOfConsole, ...tenantPages],
        errorElement: <RouteError />,
        HydrateFallback,
      },
      {
        path: '/',
        element: (
          <ApiProvider tenantId={null} base="">
            <ConsoleLayout />
          </ApiProvider>
        ),
        children: consolePages,
        errorElement: <RouteError />,
        HydrateFallback,
      },
    ]
  : [{ path: '/', element: <OwnTenant />, children: tenantPages, errorElement: <RouteError />, HydrateFallback }];

function OwnTenant() {
  const { tenant } = useSession();
  return (
    <ApiProvider tenantId={tenant?.id ?? null} base="">
      <TenantLayout />
    </ApiProvider>
  );
}

function TenantOfConsole() {
  const { tenantId } = useParams();
  return (
    <ApiProvider key={tenantId} tenantId={tenantId!} base={`/tenants/${tenantId}`}>
      <TenantLayout />
    </ApiProvider>
  );
}

/** Until the first page's file is there. */
function HydrateFallback() {
  return null;
}

const router = createBrowserRouter(routes, { basename: basePath });

/** The portal of tenants, or the console of operators. */
export function App() {
  return (
    <SessionProvider>
      <Toasts>
        <Gate>
          <RouterProvider router={router} />
        </Gate>
      </Toasts>
    </SessionProvider>
  );
}
