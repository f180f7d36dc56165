import { RecentMinimum } from './recent-minimum.js';

/** Longer than so many times the shortest: what can wait took time from what can not. */
const tolerated = 1.75;
/** However busy all is, what can wait is never left to wait for ever. */
const least = 0.25;
const most = 100;

/**
 * How much of the work that can wait goes on beside work that can not, found from how long the latter takes: more while
 * it is as quick as when alone, less as soon as it is not (a scavenger, as LEDBAT, RFC 6817, is in networks). One: one
 * piece at a time without a pause. Two: two at a time. A half: one, and then a pause as long as it took.
 */
export class BackgroundShare {
  readonly #shortest: RecentMinimum;
  #value = 1;

  constructor(now?: () => number) {
    this.#shortest = new RecentMinimum(now);
  }

  get value(): number {
    return this.#value;
  }

  /** A piece of work that cannot wait took so long. */
  record(durationMs: number): void {
    const isHindered = durationMs > tolerated * this.#shortest.with(durationMs);
    // In balance when about one in ten is hindered.
    this.#value = Math.min(most, Math.max(least, this.#value * (isHindered ? 0.75 : 1.035)));
  }
}
