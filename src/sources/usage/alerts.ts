import type { Queryable } from '../../db/database.js';
import { markAlerted, type Usage, type UsageKey } from '../../db/usage.js';
import type { Trigger } from '../../events/trigger.js';
import { fromParts, type Resource } from './resources.js';

export type Alert = 'warning' | 'reached';

const alerts: readonly Alert[] = ['warning', 'reached'];
const percentOf: Record<Alert, number> = { warning: 80, reached: 100 };

/**
 * An alert is sent once a month, and again only for a limit that is higher than any it was sent for: raising the limit
 * rearms it, lowering does not. A tenant that passes both thresholds in one step gets both alerts. A limit of 0 is
 * reached by the first use, not by none.
 */
export function dueAlerts({ used, allowed, warnedFor, reachedFor }: Usage): Alert[] {
  if (allowed === null || used === 0) return [];
  const sentFor: Record<Alert, number | null> = { warning: warnedFor, reached: reachedFor };
  return alerts.filter(
    (alert) => used * 100 >= allowed * percentOf[alert] && allowed > (sentFor[alert] ?? Number.NEGATIVE_INFINITY),
  );
}

/** Triggers the due alerts and marks them sent. The tenant's usage must be locked, so nobody else finds them due. */
export async function triggerAlerts(
  tx: Queryable,
  trigger: Trigger,
  key: UsageKey & { resource: Resource },
  usage: Usage,
  at: Date,
): Promise<void> {
  const due = dueAlerts(usage);
  if (usage.allowed === null || due.length === 0) return;
  await markAlerted(tx, key, {
    warnedFor: due.includes('warning') ? usage.allowed : usage.warnedFor,
    reachedFor: due.includes('reached') ? usage.allowed : usage.reachedFor,
  });
  const { tenantId, resource, month } = key;
  const limit = fromParts(resource, usage.allowed);
  const facts = { resource, current: fromParts(resource, usage.used), limit };
  const when = { month, timestamp: at };
  const percent_used = percentUsed(usage.used, usage.allowed);
  for (const alert of due) {
    // The id contains no time: the same alert is the same event, whoever finds it due.
    const event = {
      tenantId,
      eventId: `limit_${alert}_${tenantId}_${resource}_${month}_${limit}`,
      occurredAt: at,
    };
    await trigger(
      alert === 'warning'
        ? { ...event, eventType: 'tenant.limit.warning', payload: { ...facts, percent_used, ...when } }
        : { ...event, eventType: 'tenant.limit.reached', payload: { ...facts, ...when } },
    );
  }
}

/** Cut to two decimals. A limit of 0 is 100 percent used, where a division would give infinity. */
const percentUsed = (used: number, allowed: number): number =>
  allowed === 0 ? 100 : Number((BigInt(used) * 10_000n) / BigInt(allowed)) / 100;
