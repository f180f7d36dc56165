import { LRUCache } from 'lru-cache';
import { TooManyRequestsError } from './api-errors.js';

/** Unknown keys that one address may try in a minute. */
const maxUnknownPerMinute = 600;
const minuteMs = 60_000;

/**
 * Remembers, by hash, which keys (and tokens of sessions and links) this process has found and which it has not. So a caller with a wrong key neither
 * reaches Postgres each time nor escapes the call limit by trying another wrong key. Bounded, whatever callers send.
 */
export class KeyMemory {
  /** Found before. They may have been deleted since, so each call looks them up all the same. */
  readonly #found = new LRUCache<string, true>({ max: 50_000 });
  /** Not found a moment ago. Keys are random, so none of these will be one that is created later. */
  readonly #unknown = new LRUCache<string, true>({ max: 50_000, ttl: 30_000 });
  /** By address: lookups that found no key, and those that are still running. */
  readonly #unknownByAddress = new LRUCache<string, { count: number; endsAt: number }>({ max: 50_000, ttl: minuteMs });

  isFound(keyHash: string): boolean {
    return this.#found.has(keyHash);
  }

  isUnknown(keyHash: string): boolean {
    return this.#unknown.has(keyHash);
  }

  /**
   * Looks a key up; null if it is unknown, without a lookup if it was not found a moment ago. Throws
   * TooManyRequestsError, without a lookup, if the key was never found and its address has tried too many unknown keys.
   * Keys that were found before still work from that address.
   */
  async lookUp<T>(keyHash: string, address: string | undefined, find: () => Promise<T | null>): Promise<T | null> {
    if (this.#unknown.has(keyHash)) return null;
    // Counted before the lookup, so that many at the same time do not all pass.
    const counted = address === undefined || this.#found.has(keyHash) ? undefined : this.#count(address);
    let found: T | null | undefined;
    try {
      found = await find();
    } finally {
      // A failed lookup says nothing about the key.
      if (counted && found !== null) counted.count -= 1;
    }
    if (found === null) {
      this.#found.delete(keyHash);
      this.#unknown.set(keyHash, true);
    } else this.#found.set(keyHash, true);
    return found;
  }

  #count(address: string): { count: number } {
    let minute = this.#unknownByAddress.get(address);
    if (!minute) {
      minute = { count: 0, endsAt: performance.now() + minuteMs };
      this.#unknownByAddress.set(address, minute);
    }
    if (minute.count >= maxUnknownPerMinute) {
      const seconds = Math.max(1, Math.ceil((minute.endsAt - performance.now()) / 1_000));
      throw new TooManyRequestsError(
        `This address sent over ${maxUnknownPerMinute} unknown API keys or sessions within a minute; try again in ${seconds} seconds.`,
        seconds,
      );
    }
    minute.count += 1;
    return minute;
  }
}
