import type { DeliveryDetail } from '../../../../src/client/api-types.js';

/** A delivery as it is now, with what was revealed of it before. An attempt made since then stays hidden. */
export function withRevealed(delivery: DeliveryDetail, revealed: DeliveryDetail | null): DeliveryDetail {
  if (revealed === null) return delivery;
  const known = new Map(revealed.attempts.map((attempt) => [attempt.number, attempt]));
  return {
    ...delivery,
    body: delivery.body ?? revealed.body,
    attempts: delivery.attempts.map((attempt) => known.get(attempt.number) ?? attempt),
  };
}
