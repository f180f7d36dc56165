import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the condition gives something truthy; rejects naming `what` when the time is up. */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs, intervalMs = 50 }: { what: string; timeoutMs: number; intervalMs?: number },
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() >= deadline) throw new Error(`waited ${Math.round(timeoutMs / 1000)} s in vain for ${what}`);
    await delay(intervalMs);
  }
}
