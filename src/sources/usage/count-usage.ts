import type { Queryable } from '../../db/database.js';
import { addUsage, lockTenantUsage, takeBackUsage } from '../../db/usage.js';
import type { Trigger } from '../../events/trigger.js';
import { triggerAlerts } from './alerts.js';
import { monthOf, toParts, type Resource } from './resources.js';

export interface Use {
  tenantId: string;
  resource: Resource;
  /** In the resource's unit, not negative; call minutes with fractions, exact to the millisecond. */
  amount: number;
  /** When it was used. Decides the month, in UTC, even if it is counted after that month's end. */
  at: Date;
}

/**
 * Adds to the tenant's usage, and triggers `tenant.limit.warning` and `tenant.limit.reached` if this use makes them
 * due (see dueAlerts). For use inside recordWithEvents. Not idempotent: call it only if the same transaction records
 * the use for the first time.
 *
 * Locks the tenant's usage until the transaction ends: lock the source's own rows before, never after.
 * Throws NotFoundError (no such tenant), RangeError (not a valid amount).
 */
export async function countUsage(tx: Queryable, trigger: Trigger, use: Use): Promise<void> {
  const { tenantId, resource, amount, at } = use;
  const parts = toParts(resource, amount);
  if (parts === 0) return;
  await lockTenantUsage(tx, tenantId);
  const key = { tenantId, resource, month: monthOf(at) };
  await triggerAlerts(tx, trigger, key, await addUsage(tx, key, parts), at);
}

export interface Correction {
  tenantId: string;
  resource: Resource;
  /** What was counted, and in which month. */
  counted: { amount: number; at: Date };
  /** What it should have been. If that is more, the difference is added to the month of this `at`. */
  used: { amount: number; at: Date };
}

/** Adds the difference, or takes it back from the month in which too much was counted. Otherwise like countUsage. */
export async function correctUsage(tx: Queryable, trigger: Trigger, correction: Correction): Promise<void> {
  const { tenantId, resource, counted, used } = correction;
  const parts = toParts(resource, used.amount) - toParts(resource, counted.amount);
  if (parts === 0) return;
  await lockTenantUsage(tx, tenantId);
  if (parts < 0) {
    await takeBackUsage(tx, { tenantId, resource, month: monthOf(counted.at) }, -parts);
    return;
  }
  const key = { tenantId, resource, month: monthOf(used.at) };
  await triggerAlerts(tx, trigger, key, await addUsage(tx, key, parts), used.at);
}
