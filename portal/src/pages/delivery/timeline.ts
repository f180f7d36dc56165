import type { Attempt } from '../../../../src/client/api-types.js';

export interface TimelineEntry {
  attempt: Attempt;
  /** From when the event was accepted. */
  offsetMs: number;
  /** How long it waited since the attempt before it ended; of the first one, since the event was accepted. */
  gapMs: number;
  /** Its duration as a part of the longest one's, 0 to 1. */
  length: number;
}

/** Attempts, first to last, by how long they took and what was between them. */
export function timeline(acceptedAt: string, attempts: readonly Attempt[]): TimelineEntry[] {
  const acceptedMs = new Date(acceptedAt).getTime();
  const longestMs = Math.max(1, ...attempts.map((attempt) => attempt.duration_ms));
  let endedMs = acceptedMs;
  return attempts.map((attempt) => {
    const startedMs = new Date(attempt.started_at).getTime();
    // The clocks of two senders may differ a little.
    const gapMs = Math.max(0, startedMs - endedMs);
    endedMs = startedMs + attempt.duration_ms;
    return {
      attempt,
      offsetMs: Math.max(0, startedMs - acceptedMs),
      gapMs,
      length: attempt.duration_ms / longestMs,
    };
  });
}
