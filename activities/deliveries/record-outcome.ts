import { recordAttempt, type AttemptRecord } from '../../src/db/attempts.js';
import type { Database } from '../../src/db/database.js';
import { sealContext } from '../../src/encryption/seal-context.js';
import type { Sealer } from '../../src/encryption/seal.js';
import type { UnrecordedDetails } from '../../workflows/contract/failures.js';
import { shortFailure } from './attempt-record.js';
import { endOf, type DeliveryEnd } from './delivery-end.js';

export type RecordOutcomeInput = UnrecordedDetails & { deliveryId: string };

/**
 * Records an attempt that `deliver` made and could not record. Null: the delivery is still pending, plan the next
 * attempt. Safe to repeat: the request has an id of its own.
 */
export async function recordOutcome(
  { db, sealer }: { db: Database; sealer: Sealer },
  { deliveryId, sealedRecord }: RecordOutcomeInput,
): Promise<DeliveryEnd | null> {
  const record = JSON.parse(
    sealer.open(Buffer.from(sealedRecord, 'base64'), sealContext.record(deliveryId)),
  ) as AttemptRecord;
  const recorded = await recordAttempt(db, record);
  if (!recorded) return endOf('expired', record.number);
  return recorded.status === 'pending' ? null : endOf(recorded.status, recorded.number, shortFailure(record));
}
