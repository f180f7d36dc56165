import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import type { StartableDelivery } from '../../src/db/events.js';
import { listSettlingWebhooks, markUnsettledWebhooks } from '../../src/db/settling.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';
import { startEach } from './start-each.js';
import { listOverdueDeliveries, listUnstartedDeliveries, markStarted } from '../../src/db/unstarted-deliveries.js';

export interface SweepDeps {
  db: Database;
  log: Logger;
  /** In its turn; resolves when the workflow runs. */
  startInTurn: (delivery: StartableDelivery) => Promise<unknown>;
  workflows: Pick<DeliveryWorkflows, 'settle'>;
}

const batchSize = 200;
const atOnce = 50;
/** Less than the workflow allows: one that was given up would go on beside the next. */
const longestMs = 180_000;

/**
 * Starts, oldest first, every pending delivery whose workflow nobody started within 15 s: Temporal was away, a process
 * was killed, or there were more than it could start. Ends when none is left, or after three minutes: the next sweep
 * goes on. Before that it sees to webhooks whose deliveries do not follow their settings. Safe to repeat.
 */
export async function sweep(deps: SweepDeps): Promise<void> {
  const beganAtMs = performance.now();
  await settleLeftOver(deps);
  let started = 0;
  let after: string | null = null;
  for (;;) {
    const unstarted = await listUnstartedDeliveries(deps.db, batchSize, after);
    started += await startAll(deps, unstarted);
    after = unstarted.at(-1)?.id ?? null;
    if (unstarted.length < batchSize || performance.now() - beganAtMs > longestMs) break;
  }
  const overdue = await listOverdueDeliveries(deps.db, batchSize);
  const restarted = await startAll(deps, overdue);
  if (started + restarted > 0) deps.log.info({ started, overdue: restarted }, 'sweep.started');
}

/** Whoever had to see to them is gone; or, which should never be, nobody knew. */
async function settleLeftOver({ db, log, workflows }: SweepDeps): Promise<void> {
  const leftOver = await listSettlingWebhooks(db);
  const unsettled = await markUnsettledWebhooks(db);
  // The rest is left over for the next sweep.
  workflows.settle([...leftOver, ...unsettled].slice(0, 100));
  if (unsettled.length > 0)
    log.warn(
      { count: unsettled.length, webhooks: unsettled.slice(0, 20).map(({ webhookId }) => webhookId) },
      'sweep.unsettled_webhooks: deliveries were held or pending against the settings of their webhook; they are put right',
    );
}

/** Answers how many were started. */
async function startAll({ db, log, startInTurn }: SweepDeps, deliveries: StartableDelivery[]): Promise<number> {
  let total = 0;
  for (let i = 0; i < deliveries.length; i += atOnce) {
    const beganAtMs = performance.now();
    const { started, refused } = await startEach(deliveries.slice(i, i + atOnce), startInTurn);
    const ageMs = performance.now() - beganAtMs;
    await markStarted(
      db,
      started.map(({ id }) => ({ id, ageMs })),
    );
    if (refused.length > 0)
      log.warn(
        { count: refused.length, delivery: refused[0]!.id },
        'sweep.start_refused: tried again by the next sweep',
      );
    total += started.length;
    Context.current().heartbeat();
  }
  return total;
}
