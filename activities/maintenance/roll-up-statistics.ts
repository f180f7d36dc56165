import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { databaseTime } from '../../src/db/clock.js';
import type { Database } from '../../src/db/database.js';
import { rollUpStatistics } from '../../src/db/statistics-over-time.js';

export interface RollUpDeps {
  db: Database;
  log: Logger;
}

const batchSize = 2_000;
const lateMs = 5 * 60_000;

/** Counts all that was written since the last run, in batches. Safe to repeat and to interrupt. */
export async function rollUp({ db, log }: RollUpDeps): Promise<void> {
  const { cancellationSignal } = Context.current();
  for (let more = true; more && !cancellationSignal.aborted;) {
    const beganAtMs = performance.now();
    const rolledUp = await rollUpStatistics(db, batchSize);
    if (!rolledUp) return;
    more = rolledUp.more;
    Context.current().heartbeat(rolledUp.until);
    // Half of the time is left to other work.
    if (more) await delay(performance.now() - beganAtMs);
    else if ((await databaseTime(db)).getTime() - rolledUp.until.getTime() > lateMs)
      log.warn({ until: rolledUp.until }, 'statistics.late');
  }
}
