import { audit, type Author } from '../../db/audit.js';
import { findUsage, listLimits, listUsage, lockTenantUsage, setLimit } from '../../db/usage.js';
import type { Queryable } from '../../db/database.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { triggerAlerts } from './alerts.js';
import { fromParts, monthOf, resources, toParts, type Resource } from './resources.js';

/** In the resources' units; null: no limit. */
export type Limits = Record<Resource, number | null>;

/**
 * Sets the given limits, leaves the others, and returns all. If the current month's usage has reached 80 or 100 percent
 * of a new limit, the same transaction triggers the alert. Idempotent. Throws NotFoundError (no such tenant).
 */
export async function setLimits(
  deps: TriggerDeps,
  author: Author,
  tenantId: string,
  limits: Partial<Limits>,
  at = new Date(),
): Promise<Limits> {
  return recordWithEvents(deps, async (tx, trigger) => {
    await lockTenantUsage(tx, tenantId);
    const before = await getLimits(tx, tenantId);
    for (const resource of resources) {
      const limit = limits[resource];
      if (limit === undefined) continue;
      await setLimit(tx, tenantId, resource, limit === null ? null : toParts(resource, limit));
      const key = { tenantId, resource, month: monthOf(at) };
      const usage = await findUsage(tx, key);
      if (usage) await triggerAlerts(tx, trigger, key, usage, at);
    }
    const after = await getLimits(tx, tenantId);
    await audit(tx, author, { action: 'tenant.limits_set', subjectId: tenantId, tenantId, before, after });
    return after;
  });
}

export const getLimits = async (db: Queryable, tenantId: string): Promise<Limits> =>
  perResource(await listLimits(db, tenantId), (resource, parts) =>
    parts === undefined ? null : fromParts(resource, parts),
  );

/** Usage in the month (`YYYY-MM`, in UTC), in the resources' units. */
export const getUsage = async (db: Queryable, tenantId: string, month: string): Promise<Record<Resource, number>> =>
  perResource(await listUsage(db, tenantId, month), (resource, parts = 0) => fromParts(resource, parts));

function perResource<Value>(
  rows: { resource: string; parts: number }[],
  read: (resource: Resource, parts: number | undefined) => Value,
): Record<Resource, Value> {
  const partsOf = new Map(rows.map(({ resource, parts }) => [resource, parts]));
  return Object.fromEntries(resources.map((resource) => [resource, read(resource, partsOf.get(resource))])) as Record<
    Resource,
    Value
  >;
}
