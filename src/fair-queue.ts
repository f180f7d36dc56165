/** First in, first out within a key, and the keys in turn: nobody stands behind another's backlog. */
export class FairQueue<T> {
  readonly #waiting = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(key: string): number {
    return this.#waiting.get(key)?.length ?? 0;
  }

  add(key: string, item: T): void {
    const items = this.#waiting.get(key);
    if (items) items.push(item);
    else this.#waiting.set(key, [item]);
    this.#size++;
  }

  /** Undefined when empty. */
  take(): T | undefined {
    const next = this.#waiting.entries().next().value;
    if (!next) return undefined;
    const [key, items] = next;
    const item = items.shift();
    this.#size--;
    // A map keeps its order: whoever had a turn goes to the end.
    this.#waiting.delete(key);
    if (items.length > 0) this.#waiting.set(key, items);
    return item;
  }

  clear(): void {
    this.#waiting.clear();
    this.#size = 0;
  }
}
