/*
 * The receivers of a new url are asked for a challenge. What they answer decides; a wrong answer is not asked for again
 * until the tenant wants it. Postgres says whether anything is to be asked, and where.
 *
 *   start ──► ask ──┬─ verified, or a wrong answer ─► end
 *              ▲    │
 *              └────┴─ too early, the url was changed meanwhile, or woken ──► wait
 */
import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { UnverifiedWebhook } from '../src/db/verifications.js';
import { deliverTaskQueueOf } from './contract/task-queues.js';
import { deliverBudgetMs, maxRequestMs } from './contract/time-budget.js';
import { wake } from './deliver-event.js';

/** Completes when there is nothing to ask; says what came of it. One at a time for each webhook. */
export async function verifyWebhook(webhook: UnverifiedWebhook): Promise<string> {
  const { verifyWebhook: ask } = proxyActivities<Activities>({
    taskQueue: deliverTaskQueueOf(workflowInfo().taskQueue),
    startToCloseTimeout: deliverBudgetMs(maxRequestMs),
    // It fails only where the fault is ours.
    retry: { initialInterval: '1 s', maximumInterval: '1 min' },
  });
  let woken = false;
  setHandler(wake, () => void (woken = true));
  for (;;) {
    woken = false;
    const { message, waitMs } = await ask(webhook);
    setCurrentDetails(message);
    if (waitMs === null && !woken) return message;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof verifyWebhook>(webhook);
    if (waitMs !== null) await condition(() => woken, waitMs);
  }
}
