import createFetchClient, { type Client, type Middleware } from 'openapi-fetch';
import createQueries, { type OpenapiQueryClient } from 'openapi-react-query';
import type { paths } from '../../../src/client/api-types.js';
import { ApiError, errorOf } from './api-error.js';

/** Calls of the REST API: at once (`call`), or as queries and mutations that React components use (`queries`). */
export interface Api {
  call: Client<paths>;
  queries: OpenapiQueryClient<paths>;
}

/** Calls of one tenant. An operator names the tenant in them. */
const ofOneTenant =
  /^\/v1\/(webhooks|deliveries|events|filter|transform|statistics|audit-log|phone-numbers|usage|messages)(\/|$)/;
// An operator's own call: it takes no tenant.
const isReveal = /\/reveal$/;

/**
 * Every call says which session it belongs to, as a browser may have got another one since the page was opened. Calls
 * that are refused throw ApiError.
 *
 * @param tenantId whose data an operator looks at; null: the session's own tenant
 */
export function createApi(csrfToken: string | null, tenantId: string | null = null): Api {
  const call = createFetchClient<paths>({ baseUrl: window.location.origin });
  const middleware: Middleware = {
    onRequest({ request }) {
      if (csrfToken) request.headers.set('X-IRISX-Session', csrfToken);
      const url = new URL(request.url);
      if (tenantId === null || !ofOneTenant.test(url.pathname) || isReveal.test(url.pathname)) return undefined;
      url.searchParams.set('tenant_id', tenantId);
      return new Request(url, request);
    },
    async onResponse({ response }) {
      if (!response.ok) throw await errorOf(response);
    },
    onError({ error }) {
      if (error instanceof ApiError) return error;
      if (error instanceof DOMException && error.name === 'AbortError') return error;
      return new ApiError('The service cannot be reached. Check your connection; this page tries again.', null);
    },
  };
  call.use(middleware);
  return { call, queries: createQueries(call) };
}
