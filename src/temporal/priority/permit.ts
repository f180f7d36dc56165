/** What remains of a piece of work takes about this long: a request then waits for its receiver and costs nothing more. */
const remainderMs = 30;
/** A workflow task can get lost or go to another process, and then nobody releases the permit: it expires. */
const longestMs = 2_000;

/** The right to begin a piece of work. It is held until the work ends, or until its request waits for the receiver. */
export class Permit {
  readonly released: Promise<void>;
  readonly #grantedAtMs = performance.now();
  readonly #resolve: () => void;
  #timer: NodeJS.Timeout;

  constructor() {
    let resolve!: () => void;
    this.released = new Promise((resolveReleased) => (resolve = resolveReleased));
    this.#resolve = resolve;
    this.#timer = this.#releaseIn(longestMs);
  }

  get ageMs(): number {
    return performance.now() - this.#grantedAtMs;
  }

  /** Its request goes out now, or its workflow task is in the queue of another worker. */
  releaseSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#releaseIn(remainderMs);
  }

  /** May be repeated. */
  release(): void {
    clearTimeout(this.#timer);
    this.#resolve();
  }

  #releaseIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.release(), ms).unref();
  }
}
