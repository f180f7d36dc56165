import { recordAttempt, type AttemptRecord } from '../../src/db/attempts.js';
import type { Database } from '../../src/db/database.js';
import { sealContext } from '../../src/encryption/seal-context.js';
import type { Sealer } from '../../src/encryption/seal.js';
import type { AttemptResult } from '../../workflows/contract/attempt-result.js';
import { attemptResult } from './attempt-record.js';

export interface RecordOutcomeInput {
  deliveryId: string;
  sealedRecord: string;
}

/** Records an attempt that could not be recorded when it was made. Safe to repeat: the request has an id of its own. */
export async function recordOutcome(
  { db, sealer }: { db: Database; sealer: Sealer },
  { deliveryId, sealedRecord }: RecordOutcomeInput,
): Promise<AttemptResult> {
  const record = JSON.parse(
    sealer.open(Buffer.from(sealedRecord, 'base64'), sealContext.record(deliveryId)),
  ) as AttemptRecord;
  return attemptResult(record, await recordAttempt(db, record));
}
