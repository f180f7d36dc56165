/** A request that is out for so long waits for its receiver and keeps this process busy no more. */
const receiverPatienceMs = 30;
/** Should nothing be heard any more of what has begun: a task that got lost, or another process took. */
const longestMs = 2_000;

/** A piece of work that keeps this process busy, from its beginning until it ends or waits for a receiver. */
export class Turn {
  readonly ended: Promise<void>;
  readonly #beganAtMs = performance.now();
  readonly #resolve: () => void;
  #timer: NodeJS.Timeout;
  #sentAfterMs: number | undefined;

  /** `promptAtBegin`: how much prompt work was under way then, itself counted in. */
  constructor(readonly promptAtBegin = 0) {
    let resolve!: () => void;
    this.ended = new Promise((resolveEnded) => (resolve = resolveEnded));
    this.#resolve = resolve;
    this.#timer = this.#endIn(longestMs);
  }

  /** Milliseconds from its beginning to its request; undefined as long as none is out. */
  get sentAfterMs(): number | undefined {
    return this.#sentAfterMs;
  }

  get ageMs(): number {
    return performance.now() - this.#beganAtMs;
  }

  /** Its request goes out now. */
  sending(): void {
    this.#sentAfterMs ??= this.ageMs;
    clearTimeout(this.#timer);
    this.#timer = this.#endIn(receiverPatienceMs);
  }

  /** Harmless to repeat. */
  end(): void {
    clearTimeout(this.#timer);
    this.#resolve();
  }

  #endIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.end(), ms).unref();
  }
}
