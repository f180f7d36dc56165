/**
 * Runs at most one piece of work for a key at a time. All that asks while it runs is served by one more run after it, so
 * each has a run that began after it asked.
 */
export class OneAtATime<Key> {
  /** The keys whose work runs; true: it was asked for again. */
  readonly #running = new Map<Key, boolean>();

  /** `work` must not reject. */
  run(key: Key, work: () => Promise<void>): void {
    if (this.#running.has(key)) {
      this.#running.set(key, true);
      return;
    }
    this.#running.set(key, false);
    void work().finally(() => {
      const again = this.#running.get(key);
      this.#running.delete(key);
      if (again) this.run(key, work);
    });
  }
}
