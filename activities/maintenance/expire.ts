import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { takeExpiredKeys } from '../../src/db/api-keys.js';
import { audit, system } from '../../src/db/audit.js';
import type { Database } from '../../src/db/database.js';
import {
  expireAuditEntries,
  expireBatch,
  expireCalls,
  expireMessages,
  expireRecoveries,
  expireWebhooks,
} from '../../src/db/retention.js';
import { removeGoneProcesses } from '../../src/db/sender-processes.js';

export interface ExpireDeps {
  db: Database;
  log: Logger;
  retentionDays: number;
  auditRetentionDays: number;
}

/** Removes what is past its retention time, in batches. Safe to repeat and to interrupt. */
export async function expire({ db, log, retentionDays, auditRetentionDays }: ExpireDeps): Promise<void> {
  let total = 0;
  for (let changed = -1; changed !== 0; total += changed) {
    changed =
      (await expireBatch(db, retentionDays, 500)) +
      (await expireCalls(db, retentionDays, 500)) +
      (await expireMessages(db, retentionDays, 500)) +
      (await expireRecoveries(db, retentionDays, 500)) +
      (await expireWebhooks(db, retentionDays, 500)) +
      (await expireAuditEntries(db, auditRetentionDays, 500));
    Context.current().heartbeat(total);
  }
  await removeGoneProcesses(db);
  while ((await auditExpiredKeys(db, log)) > 0) Context.current().heartbeat(total);
  if (total > 0) log.info({ rows: total, retentionDays }, 'history.expired');
}

/** Writes to the audit log that API keys have expired, once for each, in batches. Returns how many; 0: all done. */
export const auditExpiredKeys = (db: Database, log: Logger): Promise<number> =>
  db.transaction(async (tx) => {
    const keys = await takeExpiredKeys(tx, 100);
    for (const { id, tenantId, expiresAt } of keys) {
      const after = { expired_at: expiresAt };
      await audit(tx, { actor: system, log }, { action: 'api_key.expired', subjectId: id, tenantId, after });
    }
    return keys.length;
  });
