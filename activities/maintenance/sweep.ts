import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import type { StartableDelivery } from '../../src/db/events.js';
import { listSettlingWebhooks, markUnsettledWebhooks } from '../../src/db/settling.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';
import { startInRounds } from './start-in-rounds.js';
import { listOverdueDeliveries, listUnstartedDeliveries, markStarted } from '../../src/db/unstarted-deliveries.js';

export interface SweepDeps {
  db: Database;
  log: Logger;
  /** In its tenant's turn. `started` is false when the workflow was running already: then it is woken, or left alone. */
  startInTurn: (delivery: StartableDelivery, ifRunning: 'wake' | 'leave') => Promise<{ started: boolean }>;
  workflows: Pick<DeliveryWorkflows, 'settle'>;
}

/**
 * Starts, tenants in turn, every pending delivery whose workflow nobody started within 15 s (Temporal was away, a process
 * was killed, or there were more than it could start) and every one whose workflow was lost. Before that it sees to
 * webhooks whose deliveries do not follow their settings. Safe to repeat.
 */
export async function sweep(deps: SweepDeps): Promise<void> {
  const { db, log, startInTurn } = deps;
  await settleLeftOver(deps);
  const mark = (deliveries: StartableDelivery[], ageMs: number) =>
    markStarted(
      db,
      deliveries.map(({ id }) => ({ id, ageMs })),
    );
  const { started, refused } = await startInRounds<StartableDelivery>(
    {
      list: (leftOut) => listUnstartedDeliveries(db, leftOut),
      // One that runs may not have heard of a change.
      start: (delivery) => startInTurn(delivery, 'wake'),
      mark,
    },
    {
      list: (leftOut) => listOverdueDeliveries(db, leftOut),
      // One that runs is merely behind: woken, it would wait anew.
      start: (delivery) => startInTurn(delivery, 'leave'),
      mark,
      mostMayRun: true,
    },
  );
  const [unstarted, overdue] = started;
  if (unstarted! + overdue! > 0) log.info({ started: unstarted, overdue }, 'sweep.started');
  if (refused.length > 0)
    log.warn({ count: refused.length, delivery: refused[0]!.id }, 'sweep.start_refused: tried again by the next sweep');
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
