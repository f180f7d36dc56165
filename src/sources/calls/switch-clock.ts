import { microseconds } from './call-event.js';

/**
 * What a switch's clock says, by the time in what it sent last. Its calls have times of that clock, and with no other can
 * they be compared; ours only measures how long ago that was.
 */
export class SwitchClock {
  #heard: { switchMs: number; atMs: number } | undefined;

  /** `timestamp` is the Event-Date-Timestamp of an event that has just come. */
  hear(timestamp: string | undefined): void {
    const switchMs = microseconds(timestamp)?.getTime();
    if (switchMs !== undefined) this.#heard = { switchMs, atMs: performance.now() };
  }

  /** Null until the switch has told its time. */
  now(): Date | null {
    return this.#heard ? new Date(this.#heard.switchMs + performance.now() - this.#heard.atMs) : null;
  }
}
