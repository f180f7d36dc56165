import type { Logger } from 'pino';
import { formBatch, type BatchingWebhook } from '../../src/db/batches.js';
import type { Database } from '../../src/db/database.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';

export interface FormBatchesDeps {
  db: Database;
  log: Logger;
  workflows: Pick<DeliveryWorkflows, 'start'>;
}

/** `waitMs`: until the next batch is due; null: nothing waits for one. */
export interface FormedBatches {
  formed: number;
  waitMs: number | null;
}

/** With one slow statement after it, less than the workflow's timeout. */
const maxMs = 2_000;

/** Forms all batches of a webhook that are full or due, and starts them. Safe to repeat and to interrupt. */
export async function formBatches(
  { db, log, workflows }: FormBatchesDeps,
  { webhookId, tenantId }: BatchingWebhook,
): Promise<FormedBatches> {
  const beganAtMs = performance.now();
  for (let formed = 0; ;) {
    const result = await formBatch(db, webhookId);
    if (result.kind === 'none') return { formed, waitMs: null };
    if (result.kind === 'wait' && result.waitMs > 0) return { formed, waitMs: result.waitMs };
    if (result.kind === 'formed') {
      formed++;
      const { id, batchSize: events } = result.batch;
      log.info({ tenant: tenantId, webhook: webhookId, batch: id, events }, 'batch.formed');
      workflows.start([result.batch]);
    }
    if (performance.now() - beganAtMs > maxMs) return { formed, waitMs: 0 };
  }
}
