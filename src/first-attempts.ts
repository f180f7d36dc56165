/** A request that is out for so long waits for its receiver and keeps this process busy no more. */
const receiverPatienceMs = 30;
/** Should nothing be heard of an attempt that was to come: a task that got lost, or is another process's. */
const longestMs = 2_000;

/** One first attempt of this process, from the call that starts its workflow. */
export interface FirstAttempt {
  /** Resolves when it keeps this process busy no more: it ended, or waits for its receiver. Never rejects. */
  readonly done: Promise<void>;
  /** Milliseconds from `expect` to the request; undefined as long as none is out, or where none was sent. */
  readonly sentAfterMs: number | undefined;
  /** It will not come, or not here. */
  forget(): void;
}

/**
 * Between whoever starts workflows and the activity that carries out their first attempt in the same process: so that
 * only as many are begun as the process works on, and the others wait where their turn can still be chosen.
 */
export class FirstAttempts {
  readonly #expected = new Map<string, { sent: () => void; end: () => void }>();

  expect(deliveryId: string): FirstAttempt {
    const beganAtMs = performance.now();
    let sentAfterMs: number | undefined;
    let resolve!: () => void;
    const done = new Promise<void>((resolveDone) => (resolve = resolveDone));
    const end = () => {
      clearTimeout(timer);
      // Started a second time meanwhile, it is the other's.
      if (this.#expected.get(deliveryId) === expected) this.#expected.delete(deliveryId);
      resolve();
    };
    let timer = setTimeout(end, longestMs);
    const sent = () => {
      sentAfterMs = performance.now() - beganAtMs;
      clearTimeout(timer);
      timer = setTimeout(end, receiverPatienceMs);
    };
    const expected = { sent, end };
    this.#expected.set(deliveryId, expected);
    return {
      done,
      get sentAfterMs() {
        return sentAfterMs;
      },
      forget: end,
    };
  }

  /** Its request goes out now. Nothing happens for one that nobody expects. */
  sending(deliveryId: string): void {
    this.#expected.get(deliveryId)?.sent();
  }

  /** It was recorded, or nothing was sent. */
  ended(deliveryId: string): void {
    this.#expected.get(deliveryId)?.end();
  }
}
