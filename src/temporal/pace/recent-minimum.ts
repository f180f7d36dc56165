const windowMs = 300_000;

/** The least of the last five to ten minutes. */
export class RecentMinimum {
  #before = Infinity;
  #now = Infinity;
  #sinceMs = 0;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** With `value` counted in. */
  with(value: number): number {
    const nowMs = this.now();
    if (nowMs - this.#sinceMs > windowMs) {
      this.#before = this.#now;
      this.#now = Infinity;
      this.#sinceMs = nowMs;
    }
    this.#now = Math.min(this.#now, value);
    return Math.min(this.#before, this.#now);
  }
}
