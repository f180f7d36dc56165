import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import { expireBatch, expireCalls, expireMessages, expireRecoveries, expireWebhooks } from '../../src/db/retention.js';
import { removeGoneProcesses } from '../../src/db/sender-processes.js';

export interface ExpireDeps {
  db: Database;
  log: Logger;
  retentionDays: number;
}

/** Removes what is past its retention time, in batches. Safe to repeat and to interrupt. */
export async function expire({ db, log, retentionDays }: ExpireDeps): Promise<void> {
  let total = 0;
  for (let changed = -1; changed !== 0; total += changed) {
    changed =
      (await expireBatch(db, retentionDays, 500)) +
      (await expireCalls(db, retentionDays, 500)) +
      (await expireMessages(db, retentionDays, 500)) +
      (await expireRecoveries(db, retentionDays, 500)) +
      (await expireWebhooks(db, retentionDays, 500));
    Context.current().heartbeat(total);
  }
  await removeGoneProcesses(db);
  if (total > 0) log.info({ rows: total, retentionDays }, 'history.expired');
}
