import { createApiClient } from './demo/api-client.js';

const weekSeconds = 604_800;

/** A link into a tenant's portal, good for one use within the day; the session that it becomes lasts for a week. */
export async function createPortalLink(apiUrl: string, adminKey: string, tenantId: string): Promise<string> {
  const { portal_link: link } = await createApiClient(apiUrl, adminKey).post<{ portal_link: { url: string } }>(
    `/v1/tenants/${tenantId}/portal-links`,
    { name: 'developer', expires_in_seconds: 86_400, session_seconds: weekSeconds },
  );
  return link.url;
}

/** The tenant to play with, made at the first start. */
export async function findOrCreateDemoTenant(apiUrl: string, adminKey: string): Promise<string> {
  const api = createApiClient(apiUrl, adminKey);
  const { tenants } = await api.get<{ tenants: { id: string }[] }>('/v1/tenants?external_id=demo');
  if (tenants[0]) return tenants[0].id;
  const { tenant } = await api.post<{ tenant: { id: string } }>('/v1/tenants', {
    name: 'Demo tenant',
    external_id: 'demo',
  });
  return tenant.id;
}
