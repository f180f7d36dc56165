import type { Logger } from 'pino';
import { listUncollectedWebhooks } from '../../src/db/batches.js';
import type { Database } from '../../src/db/database.js';
import type { StartableDelivery } from '../../src/db/events.js';
import { listUnattendedRecoveries } from '../../src/db/recoveries.js';
import { announceLeftOver } from '../../src/sources/webhooks/announce-health.js';
import { countEnded, startedBySweeper } from '../../src/metrics/counted.js';
import { listSettlingWebhooks, markUnsettledWebhooks, pageOfWebhooks } from '../../src/db/settling.js';
import { listUnattendedVerifications } from '../../src/db/verifications.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';
import { startInRounds } from './start-in-rounds.js';
import {
  expireDue,
  listOverdueDeliveries,
  listUnstartedDeliveries,
  markStarted,
} from '../../src/db/unstarted-deliveries.js';

export interface SweepDeps {
  db: Database;
  log: Logger;
  /** In its tenant's turn. `started` is false if the workflow was running already; then it is woken or left alone. */
  startInTurn: (delivery: StartableDelivery, ifRunning: 'wake' | 'leave') => Promise<{ started: boolean }>;
  workflows: Pick<DeliveryWorkflows, 'start' | 'settle' | 'recover' | 'verify' | 'collect'>;
}

/**
 * Starts, tenants in turn, every pending delivery whose workflow nobody started within 15 s (Temporal was away, a process
 * was killed, or there were more than it could start) and every one whose workflow was lost. Before that it takes care
 * of webhooks whose settling was interrupted or whose change of health was not announced, and of recoveries,
 * verifications and batches whose workflow does not run, and ends deliveries that were not sent in their time. Last, it
 * looks for webhooks that should be settled, after the one with this id; it returns after which one the next sweep begins.
 * Safe to repeat.
 */
export async function sweep(deps: SweepDeps, afterWebhook: number): Promise<number> {
  const { db, log, startInTurn } = deps;
  const beganAtMs = performance.now();
  deps.workflows.settle(await listSettlingWebhooks(db));
  deps.workflows.recover(await listUnattendedRecoveries(db));
  deps.workflows.verify(await listUnattendedVerifications(db));
  deps.workflows.collect(await listUncollectedWebhooks(db));
  await announceLeftOver(deps);
  await expireAllDue(db);
  const mark = (deliveries: StartableDelivery[], ageMs: number) =>
    markStarted(
      db,
      deliveries.map(({ id }) => ({ id, ageMs })),
    );
  const { started, refused } = await startInRounds<StartableDelivery>(
    {
      list: (leftOut) => listUnstartedDeliveries(db, leftOut),
      // A running workflow may have missed a change.
      start: (delivery) => startInTurn(delivery, 'wake'),
      mark,
    },
    {
      list: (leftOut) => listOverdueDeliveries(db, leftOut),
      // A running workflow is merely behind: if woken, it would start to wait anew.
      start: (delivery) => startInTurn(delivery, 'leave'),
      mark,
      mostAlreadyRun: true,
    },
  );
  const [unstarted, overdue] = started;
  startedBySweeper.inc({ reason: 'unstarted' }, unstarted);
  startedBySweeper.inc({ reason: 'overdue' }, overdue);
  if (unstarted! + overdue! > 0) log.info({ started: unstarted, overdue }, 'sweep.started');
  if (refused.length > 0)
    log.warn({ count: refused.length, delivery: refused[0]!.id }, 'sweep.start_refused: the next sweep tries again');
  let reached = await settleUnsettled(deps, afterWebhook);
  // After a long sweep as much as short ones would have checked in its time.
  for (let pages = 1; pages < (performance.now() - beganAtMs) / everyMs && reached > 0; pages++)
    reached = await settleUnsettled(deps, reached);
  return reached;
}

/** As the Schedule has it. */
const everyMs = 10_000;

const expiringAtOnce = 200;
/** Nothing is sent late: whoever takes an expired delivery ends it. So the rest may wait for the next sweep. */
const maxExpiringMs = 5_000;

async function expireAllDue(db: Database): Promise<void> {
  const beganAtMs = performance.now();
  let expired: number;
  do {
    expired = await expireDue(db, expiringAtOnce);
    countEnded('expired', expired);
  } while (expired === expiringAtOnce && performance.now() - beganAtMs < maxExpiringMs);
}

/** For webhooks whose settling never began, which should not happen. Returns after which webhook to go on. */
async function settleUnsettled({ db, log, workflows }: SweepDeps, afterWebhook: number): Promise<number> {
  const page = await pageOfWebhooks(db, afterWebhook);
  const unsettled = await markUnsettledWebhooks(db, page);
  // They are marked: the next sweeps do the rest.
  workflows.settle(unsettled.slice(0, 100));
  if (unsettled.length > 0)
    log.warn(
      { count: unsettled.length, webhooks: unsettled.slice(0, 20).map(({ webhookId }) => webhookId) },
      'sweep.unsettled_webhooks: deliveries were held or pending contrary to the settings of their webhook; they are corrected',
    );
  return page.next;
}
