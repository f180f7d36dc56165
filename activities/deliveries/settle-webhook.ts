import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import {
  finishSettling,
  settleBatch,
  settlingPoint,
  type SettlingPoint,
  type SettlingWebhook,
} from '../../src/db/settling.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';

export interface SettleWebhookDeps {
  db: Database;
  log: Logger;
  workflows: Pick<DeliveryWorkflows, 'wake'>;
}

export interface Settled {
  /** How many deliveries this call changed. */
  changed: number;
  /** False: there is more to do, or a transaction of the time of the change is still open. */
  isSettled: boolean;
}

/** Less than the workflow allows. */
const longestMs = 240_000;
/** Between two looks for what an open transaction may still write. */
const lookAgainMs = 200;

/**
 * Makes the deliveries of a webhook fit its settings, in batches and with pauses, so that nobody else feels it. What
 * becomes pending is started, oldest first. Safe to repeat and to break off.
 */
export async function settleWebhook(deps: SettleWebhookDeps, { webhookId }: SettlingWebhook): Promise<Settled> {
  const { db, log, workflows } = deps;
  const beganAtMs = performance.now();
  let changed = 0;
  let point: SettlingPoint | null = await settlingPoint(db, webhookId);
  while (point) {
    const batchBeganAtMs = performance.now();
    const batch = await settleBatch(db, webhookId);
    workflows.wake(batch.filter(({ wakes }) => wakes).map(({ delivery }) => delivery));
    changed += batch.length;
    Context.current().heartbeat(changed);
    if (batch.length === 0) {
      if (await finishSettling(db, webhookId, point)) break;
      const now = await settlingPoint(db, webhookId);
      // Another change came: what follows it is followed from here.
      if (now?.version !== point.version) point = now;
    }
    if (performance.now() - beganAtMs > longestMs) return { changed, isSettled: false };
    await delay(batch.length === 0 ? lookAgainMs : performance.now() - batchBeganAtMs);
  }
  if (changed > 0) log.info({ webhook: webhookId, changed }, 'webhook.settled');
  return { changed, isSettled: true };
}
