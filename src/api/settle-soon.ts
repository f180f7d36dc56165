import { setTimeout as delay } from 'node:timers/promises';
import { finishSettling, settleBatch, settleBatchSize, settlingPoint } from '../db/settling.js';
import type { AppDeps } from './endpoint.js';

/** Between two looks for transactions of the time of the change; most last for milliseconds. */
const looksMs = [5, 20, 50];

/**
 * After a change of a webhook's settings is committed: has its deliveries follow, here and now where one batch is enough,
 * else in the background. True when all of them have. Never fails: the change is made, and what is left is the sweeper's.
 */
export async function settleSoon(
  { db, workflows, log }: Pick<AppDeps, 'db' | 'workflows' | 'log'>,
  webhook: { id: number; tenantId: string },
): Promise<boolean> {
  try {
    const point = await settlingPoint(db, webhook.id);
    if (!point) return true;
    const batch = await settleBatch(db, webhook.id);
    workflows.wake(batch.filter(({ wakes }) => wakes).map(({ delivery }) => delivery));
    for (const lookMs of batch.length < settleBatchSize ? looksMs : []) {
      if (await finishSettling(db, webhook.id, point)) return true;
      await delay(lookMs);
    }
  } catch (error) {
    log.warn({ error, webhook: webhook.id }, 'webhook.not_settled: its deliveries follow later');
  }
  workflows.settle([{ webhookId: webhook.id, tenantId: webhook.tenantId }]);
  return false;
}
