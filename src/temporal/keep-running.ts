import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log.js';

/** From the start of something to its end. */
export interface Life {
  /** Resolves with the reason when it ends by itself, or begins to. */
  ended: Promise<unknown>;
  /** Ends it in order. Resolves to false when it could not: part of it is left behind in this process. Safe to repeat. */
  stop(): Promise<boolean>;
}

/** It could not begin, and trying again costs nothing: what it needs is away. */
export class NotYetError extends Error {
  override readonly name = 'NotYetError';
}

export interface KeepRunningOptions {
  /** Undefined: it was told to stop meanwhile. What it resolves to after that is stopped at once. */
  open: (signal: AbortSignal) => Promise<Life | undefined>;
  onUp: () => void;
  /** It ended, or did not begin; the next one begins after the pause. */
  onDown: (reason: unknown, pauseMs: number) => void;
  log: Logger;
  /** Default: from half a second to a minute. */
  pausesMs?: { first: number; longest: number };
}

export interface KeptRunning {
  /** Resolves when it runs for the first time, or was told to stop before. */
  ready: Promise<void>;
  /** Why it does not run; undefined while it does, and before anything went wrong. */
  readonly trouble: string | undefined;
  /** Resolves when so many were left behind that only a new process helps. Another one is tried all the same, rarely. */
  spent: Promise<void>;
  stop(): Promise<void>;
}

/** One that ran for so long was sound: the next pause is the first again. */
const soundAfterMs = 120_000;
/** What is left behind costs memory for good. */
const mostLeftBehind = 5;
const spentPauseMs = 600_000;
const longestPauseOfNotYetMs = 5_000;

/** Begins it anew whenever it ends, after a pause that grows, with jitter; never two at once. */
export function keepRunning(options: KeepRunningOptions): KeptRunning {
  const { open, onUp, onDown, log, pausesMs = { first: 500, longest: 60_000 } } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  let trouble: string | undefined;
  let setReady = () => {};
  let setSpent = () => {};
  const ready = new Promise<void>((resolve) => (setReady = resolve));
  const spent = new Promise<void>((resolve) => (setSpent = resolve));
  let leftBehind = 0;
  let failures = 0;

  /** Resolves with why it ended, or did not begin. */
  async function liveOnce(): Promise<{ life?: Life; reason: unknown }> {
    let life: Life | undefined;
    const opening = open(signal);
    try {
      life = await Promise.race([opening, stopped.then(() => undefined)]);
    } catch (reason) {
      return { reason };
    }
    // It cannot be broken off, and at a server that is silent takes half a minute.
    if (!life) void opening.then((late) => late?.stop()).catch(() => undefined);
    if (!life || signal.aborted) return { ...(life && { life }), reason: undefined };
    const beganAtMs = performance.now();
    trouble = undefined;
    onUp();
    setReady();
    const reason = await Promise.race([life.ended, stopped]);
    if (performance.now() - beganAtMs > soundAfterMs) failures = 0;
    return { life, reason };
  }

  function pauseAfter(reason: unknown): number {
    const longestMs = reason instanceof NotYetError ? longestPauseOfNotYetMs : pausesMs.longest;
    const pauseMs = Math.min(pausesMs.first * 2 ** failures++, longestMs);
    return Math.round((leftBehind >= mostLeftBehind ? spentPauseMs : pauseMs) * (0.8 + 0.4 * Math.random()));
  }

  const running = (async () => {
    while (!signal.aborted) {
      const { life, reason } = await liveOnce();
      const pauseMs = pauseAfter(reason);
      if (!signal.aborted) {
        trouble = reason instanceof Error ? reason.message : String(reason);
        onDown(reason, pauseMs);
      }
      if ((await life?.stop()) === false) {
        leftBehind++;
        log.error({ leftBehind }, 'worker.left_behind: it failed and holds memory until this process ends');
        if (leftBehind >= mostLeftBehind) setSpent();
      }
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    setReady();
  })();
  return {
    ready,
    get trouble() {
      return trouble;
    },
    spent,
    async stop() {
      stop.abort();
      await running;
    },
  };
}
