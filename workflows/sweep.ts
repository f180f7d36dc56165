import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

const { sweep } = proxyActivities<Activities>({
  startToCloseTimeout: '5 min',
  heartbeatTimeout: '30 s',
  retry: { maximumAttempts: 1 },
});
const { expire } = proxyActivities<Activities>({
  startToCloseTimeout: '30 min',
  heartbeatTimeout: '1 min',
  retry: { maximumAttempts: 3 },
});

const { forget } = proxyActivities<Activities>({
  startToCloseTimeout: '30 min',
  heartbeatTimeout: '1 min',
  retry: { maximumAttempts: 1 },
});

const { rollUp } = proxyActivities<Activities>({
  startToCloseTimeout: '30 min',
  heartbeatTimeout: '1 min',
  retry: { maximumAttempts: 1 },
});

/**
 * Starts deliveries that were accepted and never started. Run by a Schedule; one at a time. Each run begins to check
 * webhooks where the one before it ended: Temporal hands on the result of the last run that completed.
 */
export async function sweepDeliveries(): Promise<number> {
  return sweep((workflowInfo().lastResult as number | undefined) ?? 0);
}

/** Removes what is past its retention time. Run by a Schedule; one at a time. */
export async function expireHistory(): Promise<void> {
  await expire();
}

/** Goes on with what calls of the API have begun to remove. Run by a Schedule; one at a time. */
export async function forgetData(): Promise<void> {
  await forget();
}

/** Counts what happened since the last time, for statistics. Run by a Schedule; one at a time. */
export async function rollUpStatistics(): Promise<void> {
  await rollUp();
}
