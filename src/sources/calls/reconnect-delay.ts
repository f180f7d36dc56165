/** `rejected`: the switch was reachable but refused us; retrying soon will not help. */
export type ConnectionEndKind = 'unreachable' | 'lost' | 'rejected';

export interface ReconnectDelays {
  firstMs: number;
  longestMs: number;
  /** For wrong passwords and refused addresses. */
  rejectedFirstMs: number;
  rejectedLongestMs: number;
}

/** Even the longest is short: what happens on the switch meanwhile is lost. */
export const reconnectDelays: ReconnectDelays = {
  firstMs: 250,
  longestMs: 5_000,
  rejectedFirstMs: 10_000,
  rejectedLongestMs: 60_000,
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
  const [firstMs, longestMs] =
    kind === 'rejected' ? [delays.rejectedFirstMs, delays.rejectedLongestMs] : [delays.firstMs, delays.longestMs];
  const fullMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), longestMs);
  return Math.round(fullMs * (0.5 + random() / 2));
}
