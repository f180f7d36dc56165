import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { NotFoundError } from '../errors.js';
import { apiKeyEndpoints } from './api-keys.js';
import { auditLogEndpoints } from './audit-log.js';
import { browserSessionEndpoints } from './browser-sessions.js';
import { callLimit } from './http/call-limit.js';
import { deliveryEndpoints } from './deliveries.js';
import { docsPage } from './http/docs-page.js';
import type { AppDeps, Endpoint } from './http/endpoint.js';
import { EventQuotas } from './event-quotas.js';
import { errorResponse } from './http/error-response.js';
import { eventTypeEndpoints } from './event-types.js';
import { expungeEndpoints } from './expunge.js';
import { eventHistoryEndpoints } from './event-history.js';
import { eventEndpoints } from './events.js';
import { messageEndpoints } from './messages.js';
import { filterEndpoints } from './filters.js';
import { healthEndpoints } from './health.js';
import { KeyMemory } from './http/key-memory.js';
import { createOpenApiDocument } from './http/openapi.js';
import { platformReceiverEndpoints } from './platform/receivers.js';
import { revealEndpoints } from './platform/reveal.js';
import { platformSearchEndpoints } from './platform/search.js';
import { platformStateEndpoints, readState } from './platform/state.js';
import { platformTenantEndpoints } from './platform/tenants.js';
import { phoneNumberEndpoints } from './phone-numbers.js';
import { frameAncestorsOf, portalFiles } from './http/portal-files.js';
import { portalEntrance } from './portal-entrance.js';
import { portalLinkEndpoints } from './portal-links.js';
import { recoveryEndpoints } from './recoveries.js';
import { requestLog } from './http/request-log.js';
import { retentionEndpoints } from './retention.js';
import { routeEndpoints } from './http/route-endpoints.js';
import { traceCalls } from './http/trace-calls.js';
import { shareCheck } from './http/share-check.js';
import { TenantIds } from './tenant-ids.js';
import { tenantDataEndpoints } from './tenant-data.js';
import { tenantEndpoints } from './tenants.js';
import { statisticsEndpoints } from './statistics.js';
import { streamEndpoints } from './streams/stream-endpoint.js';
import { transformEndpoints } from './transforms.js';
import { twilioCallbacks } from './twilio-callbacks.js';
import { usageEndpoints } from './usage.js';
import { verificationEndpoints } from './verification.js';
import { webhookTemplateEndpoints } from './webhook-templates.js';
import { webhookEndpoints } from './webhooks.js';

export type { AppDeps } from './http/endpoint.js';

/** The whole REST API, in the order in which its page shows it. */
export const endpoints: readonly Endpoint[] = [
  ...tenantEndpoints,
  ...retentionEndpoints,
  ...tenantDataEndpoints,
  ...apiKeyEndpoints,
  ...portalLinkEndpoints,
  ...browserSessionEndpoints,
  ...phoneNumberEndpoints,
  ...usageEndpoints,
  ...eventTypeEndpoints,
  ...eventEndpoints,
  ...expungeEndpoints,
  ...eventHistoryEndpoints,
  ...webhookTemplateEndpoints,
  ...webhookEndpoints,
  ...filterEndpoints,
  ...verificationEndpoints,
  ...transformEndpoints,
  ...deliveryEndpoints,
  ...statisticsEndpoints,
  ...streamEndpoints,
  ...recoveryEndpoints,
  ...messageEndpoints,
  ...auditLogEndpoints,
  ...platformTenantEndpoints,
  ...platformReceiverEndpoints,
  ...platformSearchEndpoints,
  ...platformStateEndpoints,
  ...revealEndpoints,
  ...healthEndpoints,
];

/** The REST API as an Express app that does not listen yet; its caller opens and closes what it works with. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  // Conditional requests are not worth a hash of every response.
  app.disable('etag');
  app.set('case sensitive routing', true);
  if (deps.trustedProxies?.length) app.set('trust proxy', [...deps.trustedProxies]);
  const keys = new KeyMemory();
  app.use(requestLog(deps.log), secureHeaders);
  app.use('/v1', traceCalls);
  app.use(['/v1', '/portal/enter'], callLimit(deps.callsPerMinute, { ...deps, keys }));
  app.use('/twilio', twilioCallbacks(deps));
  // Probes need no key, so anybody can send any number of them.
  const hasPendingMigrations = shareCheck(() => deps.hasPendingMigrations(), 1_000);
  const eventQuotas = new EventQuotas(deps.db);
  const tenantIds = new TenantIds(deps.db);
  const platformState = shareCheck(() => readState(deps), 1_000);
  app.use(routeEndpoints(endpoints, { ...deps, hasPendingMigrations, eventQuotas, tenantIds, keys, platformState }));
  const document = createOpenApiDocument(endpoints, deps.version, deps.publicBaseUrl);
  app.get('/openapi.json', (_request, response) => void response.json(document));
  app.use('/docs', docsPage());
  const folder = deps.portalFolder !== undefined && { folder: deps.portalFolder };
  const frameAncestors = frameAncestorsOf(deps.portalFrameAncestors ?? []);
  app.get('/portal/enter', portalEntrance({ ...deps, keys }, frameAncestors));
  app.use('/portal', portalFiles({ ...folder, frameAncestors }));
  app.use('/console', portalFiles({ ...folder, frameAncestors: frameAncestorsOf([]) }));
  app.use(() => {
    throw new NotFoundError('There is nothing at this path; GET /docs lists all calls.');
  });
  app.use(errorResponse(deps.log));
  return app;
}

/** Headers for JSON that programs read; the documentation page loosens them for itself. */
function secureHeaders(request: Request, response: Response, next: NextFunction): void {
  response.set({
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
  });
  // Responses hold a tenant's data, and some a secret that is shown once.
  if (request.path.startsWith('/v1/')) response.set('Cache-Control', 'no-store');
  next();
}
