import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from './clock.js';

export interface OpenLoad {
  /** A second. */
  rate: number;
  count: number;
}

export interface OpenLoadResult {
  /** `monotonicMs` at which each was to begin; latencies count from here, so that a stall of whoever sends hides nothing. */
  plannedMs: number[];
  /** From the planned time to the end of `send`. */
  latencyMs: number[];
  /** From the planned time to the call of `send`: what the generator itself adds. */
  latenessMs: number[];
}

/**
 * Calls `send` at times planned beforehand, whether or not the calls before have ended. Resolves when all have.
 * @throws when one fails, saying how many did
 */
export async function openLoop(
  { rate, count }: OpenLoad,
  send: (index: number) => Promise<unknown>,
): Promise<OpenLoadResult> {
  const startMs = monotonicMs() + 20;
  const plannedMs = Array.from({ length: count }, (_, index) => startMs + (index * 1000) / rate);
  const latencyMs = new Array<number>(count);
  const latenessMs = new Array<number>(count);
  const failures: unknown[] = [];
  const sent: Promise<void>[] = [];
  for (let index = 0; index < count;) {
    const waitMs = plannedMs[index]! - monotonicMs();
    if (waitMs > 0) {
      await delay(waitMs);
      continue;
    }
    const current = index++;
    latenessMs[current] = -waitMs;
    sent.push(
      send(current).then(
        () => void (latencyMs[current] = monotonicMs() - plannedMs[current]!),
        (error: unknown) => void failures.push(error),
      ),
    );
  }
  await Promise.all(sent);
  if (failures.length > 0) throw failed(failures, count);
  return { plannedMs, latencyMs, latenessMs };
}

/**
 * Whether more work came in than was done: when the last one had been planned, over one second's worth was still open.
 * `endedMs`: when each was done.
 */
export function backlogGrew(
  { rate, count }: OpenLoad,
  plannedMs: readonly number[],
  endedMs: readonly number[],
): boolean {
  const endMs = plannedMs[0]! + (count * 1000) / rate;
  return endedMs.filter((at) => at > endMs).length > rate;
}

export interface ClosedLoad {
  inFlight: number;
  warmUpSeconds: number;
  seconds: number;
}

export interface ClosedLoadResult {
  /** Pieces that ended within the measured time. */
  count: number;
  seconds: number;
  perSecond: number;
}

/**
 * Keeps so many pieces of work in flight: whenever one ends, the next begins. What ends during the warm-up is not
 * counted, nor what ends late. `atEdge` is called when the measured time begins and when it ends.
 */
export async function closedLoop(
  { inFlight, warmUpSeconds, seconds }: ClosedLoad,
  work: (index: number) => Promise<unknown>,
  atEdge: (edge: 'begin' | 'end') => void = () => undefined,
): Promise<ClosedLoadResult> {
  const startMs = monotonicMs() + warmUpSeconds * 1000;
  const endMs = startMs + seconds * 1000;
  let index = 0;
  let count = 0;
  let failure: unknown;
  const worker = async () => {
    while (failure === undefined && monotonicMs() < endMs) {
      try {
        await work(index++);
      } catch (error) {
        failure ??= error;
      }
      const now = monotonicMs();
      if (now >= startMs && now < endMs) count += 1;
    }
  };
  const edge = async (which: 'begin' | 'end', atMs: number) => {
    await delay(Math.max(0, atMs - monotonicMs()));
    atEdge(which);
  };
  await Promise.all([edge('begin', startMs), edge('end', endMs), ...Array.from({ length: inFlight }, worker)]);
  if (failure !== undefined) throw failed([failure], index);
  return { count, seconds, perSecond: count / seconds };
}

/** Does `count` pieces of work, so many at a time. */
export async function inParallel(
  { count, atOnce }: { count: number; atOnce: number },
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let index = 0;
  const worker = async () => {
    while (index < count) await work(index++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}

function failed(failures: readonly unknown[], of: number): Error {
  const first = failures[0];
  const words = first instanceof Error ? first.message : String(first);
  return new Error(`${failures.length} of ${of} failed; the first: ${words}`, { cause: first });
}
