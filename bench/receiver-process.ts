import { endProgram, forkProgram, nextMessage } from './child-program.js';
import type { ReceiverMessage } from './receiver.js';
import { waitFor } from '../test/support/wait-for.js';

/** The receiver as the generator sees it: where it listens, and what arrived when. */
export interface Receiver {
  /** Without a trailing slash. */
  url: string;
  pid: number;
  /** First arrival of that event at that path, as `monotonicMs`; undefined if it has not arrived. */
  arrivedAt(path: string, eventId: string): number | undefined;
  /** Resolves with that time when it arrives; rejects after the timeout. */
  whenArrived(path: string, eventId: string, timeoutMs?: number): Promise<number>;
  /** The number of requests, including repeats. */
  requests(): number;
  /** Forgets what arrived, so that nothing grows over a long run. */
  forget(): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const child = forkProgram('./receiver.ts');
  const arrivals = new Map<string, number>();
  const waiting = new Map<string, (atMs: number) => void>();
  let requests = 0;
  child.on('message', (message: ReceiverMessage) => {
    if (!('arrivals' in message)) return;
    requests += message.arrivals.length;
    for (const { key, atMs } of message.arrivals) {
      if (arrivals.has(key)) continue;
      arrivals.set(key, atMs);
      waiting.get(key)?.(atMs);
      waiting.delete(key);
    }
  });
  const port = await nextMessage(child, 'the receiver', (message: ReceiverMessage) =>
    'port' in message ? message.port : undefined,
  );
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    arrivedAt: (path, eventId) => arrivals.get(`${path} ${eventId}`),
    whenArrived(path, eventId, timeoutMs = 60_000) {
      const key = `${path} ${eventId}`;
      const atMs = arrivals.get(key);
      if (atMs !== undefined) return Promise.resolve(atMs);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(key);
          reject(new Error(`event ${eventId} did not arrive at ${path} within ${timeoutMs / 1000} s`));
        }, timeoutMs);
        waiting.set(key, (arrivedMs) => {
          clearTimeout(timer);
          resolve(arrivedMs);
        });
      });
    },
    requests: () => requests,
    forget: () => arrivals.clear(),
    close: () => endProgram(child),
  };
}

/**
 * Resolves when all of these have arrived at the path or the time is up, with each arrival; undefined for those
 * missing.
 */
export async function arrivals(
  receiver: Receiver,
  path: string,
  eventIds: readonly string[],
  timeoutMs: number,
): Promise<(number | undefined)[]> {
  let left = eventIds;
  await waitFor(
    () => {
      left = left.filter((id) => receiver.arrivedAt(path, id) === undefined);
      return left.length === 0;
    },
    { what: 'arrivals', timeoutMs, intervalMs: 20 },
  ).catch(() => undefined);
  return eventIds.map((id) => receiver.arrivedAt(path, id));
}
