import type { Queryable } from '../../db/database.js';
import { addUsage, lockTenantUsage, takeBackUsage } from '../../db/usage.js';
import type { Trigger } from '../../events/trigger.js';
import { tellAlerts } from './alerts.js';
import { monthOf, toParts, type Resource } from './resources.js';

export interface Use {
  tenantId: string;
  resource: Resource;
  /** In the resource's unit, not negative; call minutes with their fraction, exact to the millisecond. */
  amount: number;
  /** When it was used: decides the month, in UTC, also for what is counted after that month's end. */
  at: Date;
}

/**
 * Adds to the tenant's usage, and triggers `tenant.limit.warning` and `tenant.limit.reached` where this use brought
 * them about (dueAlerts has the rule). For inside recordWithEvents, and not safe to repeat: call it only where the same
 * transaction records for the first time what was used.
 *
 * Locks the tenant's usage until the transaction ends: lock the source's own rows before, never after.
 * Throws NotFoundError (no such tenant), RangeError (no amount).
 */
export async function countUsage(tx: Queryable, trigger: Trigger, use: Use): Promise<void> {
  const { tenantId, resource, amount, at } = use;
  const parts = toParts(resource, amount);
  if (parts === 0) return;
  await lockTenantUsage(tx, tenantId);
  const key = { tenantId, resource, month: monthOf(at) };
  await tellAlerts(tx, trigger, key, await addUsage(tx, key, parts), at);
}

export interface Correction {
  tenantId: string;
  resource: Resource;
  /** What was counted, and in which month. */
  counted: { amount: number; at: Date };
  /** What it should have been. More than was counted counts in this month. */
  used: { amount: number; at: Date };
}

/** Counts the difference, or takes it back from the month in which too much was counted. As countUsage otherwise. */
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
  await tellAlerts(tx, trigger, key, await addUsage(tx, key, parts), used.at);
}
