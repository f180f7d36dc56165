import type { TakenAttempt } from '../db/attempts.js';
import { buildRequestHeaders } from '../delivery/request-headers.js';
import { sealContext } from './seal-context.js';
import { openIfReadable, type Sealer } from './seal.js';

/** What a request is signed with and for. */
export type SignedRequest = Pick<
  TakenAttempt,
  'tenantId' | 'eventType' | 'eventId' | 'eventRowId' | 'ordering' | 'number'
> &
  Pick<TakenAttempt, 'takenAt' | 'body' | 'sealedSecret' | 'sealedPreviousSecret' | 'sealedHeaders'>;

/** All headers of a request, with the webhook's own. @throws {UnreadableError} */
export function signedHeaders(
  { sealer, version }: { sealer: Sealer; version: string },
  deliveryId: string,
  attempt: SignedRequest,
): Record<string, string> {
  const { tenantId } = attempt;
  return buildRequestHeaders({
    eventType: attempt.eventType,
    eventId: attempt.eventId,
    ordering: attempt.ordering,
    messageId: attempt.eventRowId,
    deliveryId,
    attempt: attempt.number,
    // the time of this attempt, by Postgres' clock: a receiver refuses what was signed over five minutes ago
    timestampSeconds: Math.floor(attempt.takenAt.getTime() / 1000),
    secret: sealer.open(attempt.sealedSecret, sealContext.secret(tenantId)),
    // If unreadable, sign with the current secret alone rather than not send: whoever has the new secret needs no other.
    previousSecret: attempt.sealedPreviousSecret
      ? openIfReadable(sealer, attempt.sealedPreviousSecret, sealContext.secret(tenantId))
      : undefined,
    body: attempt.body,
    customHeaders: attempt.sealedHeaders
      ? (JSON.parse(sealer.open(attempt.sealedHeaders, sealContext.headers(tenantId))) as Record<string, string>)
      : {},
    version,
  });
}
