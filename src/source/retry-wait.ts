/** The longest wait is twice this before the second try, and doubles before each further one. */
const firstWaitMs = 200;
const maxWaitMs = 5_000;
const maxTimerMs = 2 ** 31 - 1;

/**
 * Before the next try, after so many. Full jitter, so that those that failed together do not retry together; in addition
 * to what the API asked for.
 */
export const retryWaitMs = (tries: number, retryAfterMs = 0): number =>
  retryAfterMs + Math.random() * Math.min(maxWaitMs, firstWaitMs * 2 ** tries);

/** Throws TypeError unless each is a time that a timer can wait for. */
export function requireTimes(times: Record<string, number>): void {
  for (const [name, value] of Object.entries(times))
    if (!(value > 0 && value <= maxTimerMs))
      throw new TypeError(`${name} must be from 1 to ${maxTimerMs} milliseconds, not ${value}`);
}
