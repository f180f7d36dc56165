import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import { findRecovery, requeueBatch, type Recovery, type StartableRecovery } from '../../src/db/recoveries.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';

export interface RecoverWebhookDeps {
  db: Database;
  log: Logger;
  workflows: Pick<DeliveryWorkflows, 'startRecovered' | 'collect'>;
}

export type RecoveryProgress = Pick<Recovery, 'status' | 'total' | 'requeued' | 'delivered' | 'failed'>;

/** Small enough that waiting for one of its rows is not noticed. */
const batchSize = 100;
/** How many deliveries of a recovery are on their way: what is sent within some seconds if the receiver is fast. */
const maxAhead = 500;
/** Between batches that are small, since most of those before are still on their way. */
const smallBatchDelayMs = 100;
/** With one slow statement after it, less than the workflow's timeout. */
const maxMs = 5_000;

/**
 * Makes deliveries of a recovery pending, oldest first, until enough are on their way, and starts them as bulk work.
 * Safe to repeat and to interrupt: what it made pending and did not start, the sweeper starts.
 */
export async function recoverWebhook(
  { db, log, workflows }: RecoverWebhookDeps,
  { recoveryId, webhookId, tenantId }: StartableRecovery,
): Promise<RecoveryProgress> {
  const beganAtMs = performance.now();
  let before: Recovery | null = null;
  for (;;) {
    const batchBeganAtMs = performance.now();
    const requeued = (await requeueBatch(db, recoveryId, { limit: batchSize, ahead: maxAhead })) ?? [];
    workflows.startRecovered(requeued.filter(({ collects }) => !collects));
    if (requeued.some(({ collects }) => collects)) workflows.collect([{ webhookId, tenantId }]);
    const recovery = await findRecovery(db, webhookId, recoveryId);
    // Deleted with its webhook.
    if (!recovery) return { status: 'cancelled', total: 0, requeued: 0, delivered: 0, failed: 0 };
    const { status, total, delivered, failed, reached } = recovery;
    const progress = { status, total, requeued: recovery.requeued, delivered, failed };
    if (status !== 'running') {
      log.info({ recovery: recoveryId, webhook: webhookId, tenant: tenantId, ...progress }, 'recovery.ended');
      return progress;
    }
    if (reached === before?.reached || performance.now() - beganAtMs > maxMs) return progress;
    const isSmall = before !== null && recovery.requeued - before.requeued < batchSize;
    before = recovery;
    await delay(Math.max(performance.now() - batchBeganAtMs, isSmall ? smallBatchDelayMs : 0));
  }
}
