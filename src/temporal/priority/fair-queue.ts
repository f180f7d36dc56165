/**
 * First in, first out within a key. Keys take turns within their group, and groups take turns: nobody waits behind
 * another's backlog, and a group gets no more by having many keys.
 */
export class FairQueue<T> {
  readonly #groups = new Map<string, { keys: Map<string, T[]>; size: number }>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(group: string): number {
    return this.#groups.get(group)?.size ?? 0;
  }

  add(group: string, key: string, item: T): void {
    const found = this.#groups.get(group);
    const { keys } = found ?? { keys: new Map<string, T[]>() };
    const items = keys.get(key);
    if (items) items.push(item);
    else keys.set(key, [item]);
    if (found) found.size++;
    else this.#groups.set(group, { keys, size: 1 });
    this.#size++;
  }

  /** The item that `take` would return. */
  peek(): T | undefined {
    return this.#next()?.items[0];
  }

  /** Undefined when empty. */
  take(): T | undefined {
    const next = this.#next();
    if (!next) return undefined;
    const { groupName, group, key, items } = next;
    const item = items.shift();
    this.#size--;
    group.size--;
    // A map keeps insertion order: a key or group that had its turn goes to the end.
    group.keys.delete(key);
    if (items.length > 0) group.keys.set(key, items);
    this.#groups.delete(groupName);
    if (group.size > 0) this.#groups.set(groupName, group);
    return item;
  }

  #next() {
    const [groupName, group] = first(this.#groups) ?? [];
    const [key, items] = (group && first(group.keys)) ?? [];
    return items && { groupName: groupName!, group: group!, key: key!, items };
  }
}

const first = <K, V>(map: Map<K, V>): [K, V] | undefined => map.entries().next().value;
