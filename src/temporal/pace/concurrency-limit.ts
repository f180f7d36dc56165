import { RecentMinimum } from './recent-minimum.js';

export interface ConcurrencyLimitOptions {
  /** Calls that may be queued at the callee: below the first there is room for more, above the second there are too many. */
  queued?: [few: number, many: number];
  least?: number;
  most?: number;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/**
 * How many calls may be under way at once, found from how long they take (TCP Vegas, Brakmo and Peterson 1995): as many
 * as the callee works on, and hardly any that only stand in its queue, where whoever comes next would stand behind
 * them. What a call takes when nobody else calls is the shortest of the last minutes.
 */
export class ConcurrencyLimit {
  readonly #few: number;
  readonly #many: number;
  readonly #least: number;
  readonly #most: number;
  readonly #shortest: RecentMinimum;
  #limit: number;

  constructor({ queued = [2, 4], least = 2, most = 100, now }: ConcurrencyLimitOptions = {}) {
    [this.#few, this.#many] = queued;
    this.#least = least;
    this.#most = most;
    this.#limit = Math.min(8, most);
    this.#shortest = new RecentMinimum(now);
  }

  get value(): number {
    return Math.floor(this.#limit);
  }

  /** A call took so long, and so many were under way, itself counted in. */
  record(durationMs: number, underWay: number): void {
    const shortestMs = this.#shortest.with(durationMs);
    const queued = this.#limit * (1 - shortestMs / durationMs);
    if (queued > this.#many) this.#limit = Math.max(this.#least, this.#limit - 1 / this.#limit);
    // One that was not used says nothing about whether there could be more.
    else if (queued < this.#few && underWay >= this.value)
      this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
  }
}
