/** `rejected`: the switch was reachable but refused us; retrying soon will not help. */
export type ConnectionEndKind = 'unreachable' | 'lost' | 'rejected';

export interface ReconnectDelays {
  firstMs: number;
  maxMs: number;
  /** For wrong passwords and refused addresses. */
  rejectedFirstMs: number;
  rejectedMaxMs: number;
}

/** Even the longest is short: what happens on the switch meanwhile is lost. */
export const reconnectDelays: ReconnectDelays = {
  firstMs: 250,
  maxMs: 5_000,
  rejectedFirstMs: 10_000,
  rejectedMaxMs: 60_000,
};

/**
 * The delay before the next connection after `failures` (from 1) in a row. It doubles, with jitter between half and all
 * of it, so that many listeners do not reconnect at the same time. It never shrinks until the longest is reached.
 */
export function reconnectDelayMs(
  failures: number,
  kind: ConnectionEndKind,
  delays: ReconnectDelays = reconnectDelays,
  random = Math.random,
): number {
  const [firstMs, maxMs] =
    kind === 'rejected' ? [delays.rejectedFirstMs, delays.rejectedMaxMs] : [delays.firstMs, delays.maxMs];
  const fullMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), maxMs);
  return Math.round(fullMs * (0.5 + random() / 2));
}
