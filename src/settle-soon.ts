import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from './db/database.js';
import { finishSettling, settleBatch, settleBatchSize, settlingPoint, type SettlingWebhook } from './db/settling.js';
import type { DeliveryWorkflows } from './temporal/workflows.js';

/** Delays between checks for transactions that were open at the time of the change; most last for milliseconds. */
const checkDelaysMs = [5, 20, 50];

/**
 * Call it after a change of a webhook's settings is committed. It applies the change to the webhook's deliveries: here
 * and now where one batch is enough, else in the background. True when all of them are done. Never fails: the change is
 * made, and the sweeper does what is left.
 */
export async function settleSoon(
  {
    db,
    workflows,
    log,
  }: { db: Database; workflows: Pick<DeliveryWorkflows, 'wake' | 'settle' | 'collect'>; log: Logger },
  { webhookId, tenantId }: SettlingWebhook,
): Promise<boolean> {
  try {
    const point = await settlingPoint(db, webhookId);
    if (!point) return true;
    const batch = await settleBatch(db, webhookId);
    workflows.wake(batch.filter(({ wakes }) => wakes).map(({ delivery }) => delivery));
    if (point.hasBatches) workflows.collect([{ webhookId, tenantId }]);
    for (const checkDelayMs of batch.length < settleBatchSize ? checkDelaysMs : []) {
      if (await finishSettling(db, webhookId, point)) return true;
      await delay(checkDelayMs);
    }
  } catch (error) {
    log.warn({ error, webhook: webhookId }, 'webhook.not_settled: its deliveries follow later');
  }
  workflows.settle([{ webhookId, tenantId }]);
  return false;
}
