import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log.js';

/** One run of something, from its start to its end. */
export interface Life {
  /** Resolves with the reason when it ends by itself, or starts to end. */
  ended: Promise<unknown>;
  /** Shuts it down cleanly. Resolves to false if it could not: part of it stays behind in this process. Idempotent. */
  stop(): Promise<boolean>;
}

/** It could not begin because what it needs is away. Retrying costs nothing. */
export class NotYetError extends Error {
  override readonly name = 'NotYetError';
}

export interface KeepRunningOptions {
  /** Resolves to undefined if the signal was aborted meanwhile. A life opened after that is stopped immediately. */
  open: (signal: AbortSignal) => Promise<Life | undefined>;
  onUp: () => void;
  /** It ended, or could not begin; the next one begins after this delay. */
  onDown: (reason: unknown, retryInMs: number) => void;
  log: Logger;
  /** Default: from half a second to a minute. */
  backoffMs?: { first: number; max: number };
}

export interface KeptRunning {
  /** Resolves when it runs for the first time, or was stopped before that. */
  ready: Promise<void>;
  /** Why it is not running; undefined while it runs, and before anything has gone wrong. */
  readonly downReason: string | undefined;
  /** Resolves when so many were left behind that only a new process helps. It is still retried, but rarely. */
  spent: Promise<void>;
  stop(): Promise<void>;
}

/** A run that lasted this long was healthy: the backoff starts again from the first delay. */
const healthyAfterMs = 120_000;
/** Each one left behind holds memory until the process ends. */
const maxLeftBehind = 5;
const spentRetryDelayMs = 600_000;
const maxNotYetDelayMs = 5_000;

/** Restarts it whenever it ends, with exponential backoff and jitter. Two never run at the same time. */
export function keepRunning(options: KeepRunningOptions): KeptRunning {
  const { open, onUp, onDown, log, backoffMs = { first: 500, max: 60_000 } } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  let downReason: string | undefined;
  let setReady = () => {};
  let setSpent = () => {};
  const ready = new Promise<void>((resolve) => (setReady = resolve));
  const spent = new Promise<void>((resolve) => (setSpent = resolve));
  let leftBehind = 0;
  let failures = 0;

  /** Resolves with the reason why it ended or could not begin. */
  async function liveOnce(): Promise<{ life?: Life; reason: unknown }> {
    let life: Life | undefined;
    const opening = open(signal);
    try {
      life = await Promise.race([opening, stopped.then(() => undefined)]);
    } catch (reason) {
      return { reason };
    }
    // Opening cannot be cancelled, and takes half a minute if the server is silent.
    if (!life) void opening.then((late) => late?.stop()).catch(() => undefined);
    if (!life || signal.aborted) return { ...(life && { life }), reason: undefined };
    const beganAtMs = performance.now();
    downReason = undefined;
    onUp();
    setReady();
    const reason = await Promise.race([life.ended, stopped]);
    if (performance.now() - beganAtMs > healthyAfterMs) failures = 0;
    return { life, reason };
  }

  function retryDelayAfter(reason: unknown): number {
    const maxMs = reason instanceof NotYetError ? maxNotYetDelayMs : backoffMs.max;
    const retryInMs = Math.min(backoffMs.first * 2 ** failures++, maxMs);
    return Math.round((leftBehind >= maxLeftBehind ? spentRetryDelayMs : retryInMs) * (0.8 + 0.4 * Math.random()));
  }

  const running = (async () => {
    while (!signal.aborted) {
      const { life, reason } = await liveOnce();
      const retryInMs = retryDelayAfter(reason);
      if (!signal.aborted) {
        downReason = reason instanceof Error ? reason.message : String(reason);
        onDown(reason, retryInMs);
      }
      if ((await life?.stop()) === false) {
        leftBehind++;
        log.error({ leftBehind }, 'worker.left_behind: it failed and holds memory until this process ends');
        if (leftBehind >= maxLeftBehind) setSpent();
      }
      await delay(retryInMs, undefined, { signal }).catch(() => undefined);
    }
    setReady();
  })();
  return {
    ready,
    get downReason() {
      return downReason;
    },
    spent,
    async stop() {
      stop.abort();
      await running;
    },
  };
}
