import type { components } from '../../../../src/client/api-types.js';

type Result = components['schemas']['SearchResult'];

/** So many results of each type come at most. */
export const maxResults = 20;

const titles: Record<Result['type'], string> = {
  tenant: 'Tenants',
  webhook: 'Webhooks',
  event: 'Events',
  delivery: 'Deliveries',
};

/** By type, in the order in which they come; without types that were not found. */
export function grouped(results: readonly Result[]): { type: Result['type']; title: string; results: Result[] }[] {
  const types = [...new Set(results.map(({ type }) => type))];
  return types.map((type) => ({
    type,
    title: titles[type],
    results: results.filter((result) => result.type === type),
  }));
}

/** Where it belongs, below its title. */
export function placeOf({ type, id, tenant, webhook_id: webhookId }: Result): string {
  switch (type) {
    case 'tenant':
      return id;
    case 'webhook':
      return `Webhook ${id} of ${tenant.name}`;
    case 'event':
      return `${id} of ${tenant.name}`;
    case 'delivery':
      return `${id} to webhook ${webhookId} of ${tenant.name}`;
  }
}

/** The page of its tenant that shows it. */
export function pageOf({ type, id, tenant, webhook_id: webhookId }: Result): string {
  const ofTenant = `tenants/${tenant.id}`;
  switch (type) {
    case 'tenant':
      return ofTenant;
    case 'webhook':
      return `${ofTenant}/webhooks/${id}`;
    case 'event':
      return `${ofTenant}/events/${id}`;
    case 'delivery':
      return `${ofTenant}/webhooks/${webhookId}/deliveries/${id}`;
  }
}
