import { microseconds } from './call-event.js';

/**
 * Estimates the switch's clock from the time in its last event. Its calls have times of that clock, which cannot be
 * compared with any other; our clock only measures how long ago the last event came.
 */
export class SwitchClock {
  #last: { switchMs: number; atMs: number } | undefined;

  /** `timestamp` is the Event-Date-Timestamp of an event that has just arrived. */
  update(timestamp: string | undefined): void {
    const switchMs = microseconds(timestamp)?.getTime();
    if (switchMs !== undefined) this.#last = { switchMs, atMs: performance.now() };
  }

  /** Null until the switch has sent its time. */
  now(): Date | null {
    return this.#last ? new Date(this.#last.switchMs + performance.now() - this.#last.atMs) : null;
  }
}
