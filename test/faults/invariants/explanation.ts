import type { ReceivedRequest } from '../receivers/request-log.js';
import type { Interval, Timeline } from '../timeline.js';

/** Why a request was not recorded, or not in time. */
export type Explanation = 'kill' | 'stop';

/**
 * The most between the last check of the clock and the request, and between its end and its record, on a busy machine.
 */
const beforeMs = 500;
const recordedWithinMs = 3_000;
/** Work that waits for a server that was away resumes within this time after its return. */
const goesOnWithinMs = 15_000;

/**
 * Whether we killed or froze the process that sent a request between its send and its record. The record may have had
 * to wait while Postgres, Temporal or the process itself was away. A process that was left alone has no excuse.
 */
export function explanationOf(timeline: Timeline, request: ReceivedRequest): Explanation | undefined {
  let wasFrozen = false;
  for (const life of timeline.lifeOf(request.senderPid)) {
    const frozen = life.frozen.map(({ from, to }) => ({ from, to: to ?? Date.now() }));
    const waits = [...timeline.disturbances('postgres'), ...timeline.disturbances('temporal'), ...frozen];
    const from = request.beganAt - beforeMs;
    const to = recordedBy(request.endedAt, waits);
    if (life.end === 'fault' && life.endedAt! >= from && life.endedAt! <= to) return 'kill';
    wasFrozen ||= frozen.some((each) => each.from <= to && each.to >= from);
  }
  return wasFrozen ? 'stop' : undefined;
}

function recordedBy(endedAt: number, waits: Interval[]): number {
  let by = endedAt + recordedWithinMs;
  for (const { from, to } of waits.sort((a, b) => a.from - b.from))
    if (from <= by && to >= endedAt - recordedWithinMs) by = Math.max(by, to + goesOnWithinMs);
  return by;
}
