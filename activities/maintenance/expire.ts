import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { takeExpiredKeys } from '../../src/db/api-keys.js';
import { deleteExpiredSessions } from '../../src/db/browser-sessions.js';
import { audit, system } from '../../src/db/audit.js';
import type { Database } from '../../src/db/database.js';
import {
  deleteAuditEntries,
  deleteCalls,
  deleteDeliveries,
  deleteEvents,
  deleteMessages,
  deleteRecordings,
  deleteRecoveries,
  deleteStatistics,
  deleteUnowned,
  deleteWebhookRows,
  deleteWebhookStatistics,
  expireUnsent,
  removeAttempts,
  removeBodies,
} from '../../src/db/retention.js';
import { listKeptTenants, type Retention } from '../../src/db/retention-settings.js';
import { removeGoneProcesses } from '../../src/db/sender-processes.js';

export interface ExpireDeps {
  db: Database;
  log: Logger;
  /** Where nothing else is set for a tenant. */
  retention: Retention;
  auditRetentionDays: number;
  statisticsRetentionDays: number;
}

/** In this order: what expires is deleted later, and events follow their deliveries. */
const parts = {
  unsent: expireUnsent,
  deliveries: deleteDeliveries,
  events: deleteEvents,
  recoveries: deleteRecoveries,
  webhookStatistics: deleteWebhookStatistics,
  webhooks: deleteWebhookRows,
  bodies: removeBodies,
  attempts: removeAttempts,
  messages: deleteMessages,
  recordings: deleteRecordings,
  calls: deleteCalls,
};

const batchSize = 500;
const tenantsAtOnce = 100;

/** Removes what is past its retention time, in batches. Safe to repeat and to interrupt. */
export async function expire({
  db,
  log,
  retention,
  auditRetentionDays,
  statisticsRetentionDays,
}: ExpireDeps): Promise<void> {
  const total: Record<string, number> = {};
  const untilNone = async (part: string, removeBatch: () => Promise<number>) => {
    for (let removed = -1; removed !== 0;) {
      const beganAtMs = performance.now();
      removed = await removeBatch();
      // Half of the time is left to other work.
      if (removed > 0) await delay(performance.now() - beganAtMs);
      total[part] = (total[part] ?? 0) + removed;
      Context.current().heartbeat(total);
    }
  };
  for (let after: string | null = null; ;) {
    const tenants = await listKeptTenants(db, retention, after, tenantsAtOnce);
    for (const [part, removeBatch] of Object.entries(parts))
      await untilNone(part, () => removeBatch(db, tenants, batchSize));
    if (tenants.length < tenantsAtOnce) break;
    after = tenants.at(-1)!.tenantId;
  }
  await untilNone('unowned', () => deleteUnowned(db, retention.calls, batchSize));
  await untilNone('auditEntries', () => deleteAuditEntries(db, auditRetentionDays, batchSize));
  await untilNone('statistics', () => deleteStatistics(db, statisticsRetentionDays, batchSize));
  await untilNone('sessions', () => deleteExpiredSessions(db, batchSize));
  await removeGoneProcesses(db);
  while ((await auditExpiredKeys(db, log)) > 0) Context.current().heartbeat(total);
  const removed = Object.entries(total).filter(([, rows]) => rows > 0);
  if (removed.length > 0) log.info(Object.fromEntries(removed), 'history.expired');
}

/** Writes to the audit log that API keys have expired, once for each, in batches. Returns how many; 0: all done. */
export const auditExpiredKeys = (db: Database, log: Logger): Promise<number> =>
  db.transaction(async (tx) => {
    const keys = await takeExpiredKeys(tx, 100);
    const changes = keys.map(({ id, tenantId, expiresAt }) => ({
      action: 'api_key.expired' as const,
      subjectId: id,
      tenantId,
      after: { expired_at: expiresAt },
    }));
    await audit(tx, { actor: system, log }, ...changes);
    return keys.length;
  });
