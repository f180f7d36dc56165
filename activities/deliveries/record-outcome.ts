import { sealContext } from '../../src/encryption/seal-context.js';
import type { Sealer } from '../../src/encryption/seal.js';
import type { AttemptResult } from '../../workflows/contract/attempt-result.js';
import { attemptResult } from './attempt-record.js';
import { recordAndFollowUp, type RecordDeps, type SentRecord } from './record-attempt.js';

export interface RecordOutcomeInput {
  deliveryId: string;
  sealedRecord: string;
}

/** Records an attempt that could not be recorded when it was made. Safe to repeat: the request has an id of its own. */
export async function recordOutcome(
  deps: RecordDeps & { sealer: Sealer },
  { deliveryId, sealedRecord }: RecordOutcomeInput,
): Promise<AttemptResult> {
  const record = JSON.parse(
    deps.sealer.open(Buffer.from(sealedRecord, 'base64'), sealContext.record(deliveryId)),
  ) as SentRecord;
  const recorded = await recordAndFollowUp(deps, record);
  await recorded?.followUp;
  return attemptResult(record, recorded);
}
