import type { Logger } from 'pino';
import { recordAttempt, type AttemptRecord, type RecordedAttempt } from '../../src/db/attempts.js';
import { auditLine, system } from '../../src/db/audit.js';
import type { Database } from '../../src/db/database.js';
import { settleSoon } from '../../src/settle-soon.js';
import { announceHealth } from '../../src/sources/webhooks/announce-health.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';
import { startNextInTurn } from './next-in-turn.js';

/** What is recorded of a request, and whose it was. */
export interface SentRecord extends AttemptRecord {
  tenantId: string;
  webhookId: number;
  eventRowId: string;
}

export interface RecordDeps {
  db: Database;
  log: Logger;
  workflows: Pick<DeliveryWorkflows, 'start' | 'wake' | 'settle' | 'collect'>;
}

export interface SentAttempt extends RecordedAttempt {
  /** Resolves when what follows from it is done, or left to the sweeper. Never rejects. */
  followUp: Promise<void>;
}

/**
 * Records an attempt, however late, and begins what follows from a change of its webhook's health, and if its delivery
 * has ended in an order. Null: the delivery is gone (retention). `by`: the connections that record it.
 */
export async function recordAndFollowUp(
  deps: RecordDeps,
  record: SentRecord,
  by: Database = deps.db,
): Promise<SentAttempt | null> {
  const recorded = await recordAttempt(by, record);
  return recorded && { ...recorded, followUp: followUp(deps, record, recorded) };
}

async function followUp(deps: RecordDeps, record: SentRecord, { newHealth, releases }: RecordedAttempt): Promise<void> {
  const { tenantId, webhookId, eventRowId, deliveryId } = record;
  if (newHealth === 'disabled') {
    // disable_webhook wrote the entry in the audit log.
    deps.log.warn(
      { ...auditLine(system, 'webhook.disabled', tenantId, webhookId), event: eventRowId, delivery: deliveryId },
      'audit',
    );
    await settleSoon(deps, { webhookId, tenantId });
  }
  if (releases) await startNextInTurn(deps, deliveryId);
  if (newHealth) await announceHealth(deps, webhookId);
}
