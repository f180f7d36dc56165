import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from './clock.js';

export interface OpenLoad {
  /** Per second. */
  rate: number;
  count: number;
}

export interface OpenLoadResult {
  /**
   * Planned start of each, as `monotonicMs`. Latencies count from here, so that a stall of the sender hides nothing.
   */
  plannedMs: number[];
  /** From the planned time to the end of `send`. */
  latencyMs: number[];
  /** From the planned time to the call of `send`: what the generator itself adds. */
  latenessMs: number[];
}

/**
 * Calls `send` at times planned beforehand, whether or not earlier calls have ended. Resolves when all have ended.
 * @throws if any fails, saying how many did
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
 * Whether more work came in than was done: at the end of the plan, over one second's worth of work was still open.
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
  /** Pieces of work that ended within the measured time. */
  count: number;
  seconds: number;
  perSecond: number;
}

/**
 * Keeps `inFlight` pieces of work in flight: whenever one ends, the next begins. Work that ends during the warm-up or
 * after the measured time is not counted. `atEdge` is called at the start and the end of the measured time.
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

/** Does `count` pieces of work, `concurrency` at a time. */
export async function inParallel(
  { count, concurrency }: { count: number; concurrency: number },
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let index = 0;
  const worker = async () => {
    while (index < count) await work(index++);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
}

function failed(failures: readonly unknown[], of: number): Error {
  const first = failures[0];
  const words = first instanceof Error ? first.message : String(first);
  return new Error(`${failures.length} of ${of} failed; the first: ${words}`, { cause: first });
}
