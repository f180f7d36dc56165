import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { storeBody, type UntransformedDelivery } from '../../src/db/attempts.js';
import type { Database } from '../../src/db/database.js';
import { failureText } from '../../src/delivery/transform-error.js';
import type { Transforms } from '../../src/transform/transforms.js';
import type { SentRecord } from './record-attempt.js';

export interface MakeBodyDeps {
  db: Database;
  transforms: Pick<Transforms, 'evaluate'>;
}

export type MadeBody =
  | 'stored'
  /** The transform failed. To be recorded as an attempt, although nothing is sent: it ends the delivery. */
  | { answer: 'untransformed'; delivery: UntransformedDelivery; record: SentRecord }
  | { answer: 'busy' };

/**
 * Makes the body of a delivery and stores it. If a worker is killed before it is stored, it is made once more; the
 * first one that is stored counts.
 */
export async function makeBody(
  { db, transforms }: MakeBodyDeps,
  deliveryId: string,
  delivery: UntransformedDelivery,
): Promise<MadeBody> {
  const { tenantId, transform: expression, body: envelope } = delivery;
  const beganAt = performance.now();
  const transformed = await transforms.evaluate({ tenantId, expression, envelope });
  if (transformed.kind === 'busy') return { answer: 'busy' };
  if (transformed.kind === 'made') {
    await storeBody(db, deliveryId, transformed.body);
    return 'stored';
  }
  const record: SentRecord = {
    tenantId,
    webhookId: delivery.webhookId,
    eventRowId: delivery.eventRowId,
    deliveryId,
    requestId: randomUUID(),
    number: delivery.number,
    targetVersion: delivery.targetVersion,
    startedAt: delivery.takenAt.toISOString(),
    durationMs: Math.round(performance.now() - beganAt),
    statusCode: null,
    requestHeaders: {},
    responseHeaders: null,
    responseBody: null,
    responseTruncated: false,
    error: {
      class: 'transform',
      message: failureText(transformed),
    },
    verdict: 'final',
    retryWaitMs: 0,
    disabledReason: null,
    token: null,
    elapsedMs: 0,
    target: 'primary',
  };
  return { answer: 'untransformed', delivery, record };
}
