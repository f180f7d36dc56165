/*
 * The deliveries of one webhook leave in batches. Postgres decides which, and when; each batch has a workflow of its own
 * (deliverEvent).
 *
 *   start ──► form what is full or due ──┬─ nothing waits ─► end
 *              ▲                         │
 *              └──── due, or woken ◄─────┴─ the next one is due later
 *
 * wake (signal): a batch is full, or the settings changed.
 */
import {
  condition,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { BatchingWebhook } from '../src/db/batches.js';
import { wake } from './deliver-event.js';

const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '5 s', retry: { maximumAttempts: 1 } });
const lasting = proxyActivities<Activities>({
  startToCloseTimeout: '15 s',
  retry: { initialInterval: '1 s', maximumInterval: '10 s' },
});

/** Completes when nothing waits for a batch. One at a time for each webhook. */
export async function collectBatches(webhook: BatchingWebhook): Promise<void> {
  let woken = false;
  setHandler(wake, () => void (woken = true));
  let batches = 0;
  for (;;) {
    woken = false;
    const { formed, waitMs } = await local.formBatches(webhook).catch(() => lasting.formBatches(webhook));
    batches += formed;
    setCurrentDetails(`${batches} batches formed`);
    if (waitMs === null && !woken) return;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof collectBatches>(webhook);
    if (waitMs) await condition(() => woken, waitMs);
  }
}
