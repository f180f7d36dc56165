import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

const reconciling = proxyActivities<Activities>({
  startToCloseTimeout: '50 min',
  heartbeatTimeout: '2 min',
  retry: { maximumAttempts: 3 },
});

/** Finds messages, and outcomes of messages, that no callback reported. Run by a Schedule; one at a time. */
export async function reconcileMessages(): Promise<void> {
  await reconciling.reconcileMessages();
}
