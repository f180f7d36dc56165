/*
 * One recovery of a webhook: its deliveries become pending again, a few at a time. Postgres says which ones, and how
 * many may be on their way; this workflow asks again and again.
 *
 *   start ──► requeue a few ──┬─ completed or cancelled ─► end
 *              ▲              │
 *              └── wait ◄─────┴─ running; after 100 rounds it continues as new
 */
import { condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { RecoveryProgress } from '../activities/deliveries/recover-webhook.js';
import type { StartableRecovery } from '../src/db/recoveries.js';
import { wake } from './deliver-event.js';

const { recoverWebhook: requeue } = proxyActivities<Activities>({
  // If a worker is killed, what is on its way lasts for about as long.
  startToCloseTimeout: '20 s',
  retry: { initialInterval: '1 s', maximumInterval: '10 s' },
});

/** Keeps each run's history short. */
const maxRounds = 100;
const minWaitMs = 500;
/** Less than the time after which the sweeper wakes a recovery that has not asked. */
const maxWaitMs = 20_000;

/** Completes when all that it made pending has ended, or when it is cancelled. */
export async function recoverWebhook(recovery: StartableRecovery): Promise<RecoveryProgress> {
  let woken = false;
  setHandler(wake, () => void (woken = true));
  let before: RecoveryProgress | undefined;
  let waitMs = minWaitMs;
  for (let round = 0; round < maxRounds; round++) {
    woken = false;
    const now = await requeue(recovery);
    setCurrentDetails(detailsOf(now));
    if (now.status !== 'running') return now;
    const hasMoved =
      now.requeued !== before?.requeued || now.delivered + now.failed !== before.delivered + before.failed;
    waitMs = hasMoved ? minWaitMs : Math.min(2 * waitMs, maxWaitMs);
    before = now;
    await condition(() => woken, waitMs);
  }
  return continueAsNew<typeof recoverWebhook>(recovery);
}

const detailsOf = ({ status, total, requeued, delivered, failed }: RecoveryProgress) =>
  `${status}: ${requeued} of ${total} deliveries sent again; ${delivered} delivered, ${failed} failed, ${requeued - delivered - failed} on their way`;
