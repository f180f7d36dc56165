import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  /** What is waited for, named in the error: `3 requests at the receiver`. */
  what: string;
  /** Default 30000: patience for a busy machine, no claim about how long it takes. */
  timeoutMs?: number;
  /** Pause between two looks; default 10. */
  intervalMs?: number;
}

/** Asks until the condition gives something truthy, and resolves with it. Rejects naming `what` when the time is up. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 30_000, intervalMs = 10 }: WaitForOptions,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() >= deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await delay(intervalMs);
  }
}
