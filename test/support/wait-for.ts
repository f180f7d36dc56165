import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  /** What is waited for, named in the error: `3 requests at the receiver`. A function is called when the time is over. */
  what: string | (() => Promise<string>);
  /** Default 30000: generous, for a busy machine. It says nothing about how long it usually takes. */
  timeoutMs?: number;
  /** Time between two checks; default 10. */
  intervalMs?: number;
}

/** Polls until the condition returns something truthy, and resolves with it. Rejects, naming `what`, on timeout. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 30_000, intervalMs = 10 }: WaitForOptions,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${typeof what === 'string' ? what : await what()}`);
    }
    await delay(intervalMs);
  }
}
