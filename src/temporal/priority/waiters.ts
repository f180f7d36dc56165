/** Callers that wait for the same thing to happen. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `wake`. Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        this.#waiting.delete(go);
        reject(signal.reason as Error);
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  wake(): void {
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }
}
