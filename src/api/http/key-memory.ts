import { LRUCache } from 'lru-cache';
import { TooManyRequestsError } from './api-errors.js';

/** Keys nobody has, that one address may have looked for in a minute. */
const maxUnknownPerMinute = 600;
const minuteMs = 60_000;

/**
 * What this process remembers of the keys that it was shown, by their hashes: so that who has none, or a wrong one,
 * neither reaches Postgres each time nor escapes the limit of calls by another wrong key. Bounded, whatever is shown.
 */
export class KeyMemory {
  /** Found at some time; they may be deleted by now, so each call looks all the same. */
  readonly #found = new LRUCache<string, true>({ max: 50_000 });
  /** Looked for in vain a moment ago. A key is random and known to nobody before it is made: such a one stays unknown. */
  readonly #unknown = new LRUCache<string, true>({ max: 50_000, ttl: 30_000 });
  /** By address: keys that nobody had, and those that are being looked for. */
  readonly #lookedFor = new LRUCache<string, { count: number; endsAt: number }>({ max: 50_000, ttl: minuteMs });

  isFound(keyHash: string): boolean {
    return this.#found.has(keyHash);
  }

  isUnknown(keyHash: string): boolean {
    return this.#unknown.has(keyHash);
  }

  /**
   * Looks for a key, unless it was looked for in vain a moment ago: null then, too. Throws TooManyRequestsError, without
   * looking, for a key that was never found from an address that had too many looked for in vain; calls with keys that
   * were found before go on from there.
   */
  async look<T>(keyHash: string, address: string | undefined, find: () => Promise<T | null>): Promise<T | null> {
    if (this.#unknown.has(keyHash)) return null;
    // Counted before: many at once are not to pass together.
    const counted = address === undefined || this.#found.has(keyHash) ? undefined : this.#count(address);
    let found: T | null | undefined;
    try {
      found = await find();
    } finally {
      // What failed says nothing about the key.
      if (counted && found !== null) counted.count -= 1;
    }
    if (found === null) {
      this.#found.delete(keyHash);
      this.#unknown.set(keyHash, true);
    } else this.#found.set(keyHash, true);
    return found;
  }

  #count(address: string): { count: number } {
    let minute = this.#lookedFor.get(address);
    if (!minute) {
      minute = { count: 0, endsAt: performance.now() + minuteMs };
      this.#lookedFor.set(address, minute);
    }
    if (minute.count >= maxUnknownPerMinute) {
      const seconds = Math.max(1, Math.ceil((minute.endsAt - performance.now()) / 1_000));
      throw new TooManyRequestsError(
        `This address showed over ${maxUnknownPerMinute} unknown API keys within a minute; go on in ${seconds} seconds.`,
        seconds,
      );
    }
    minute.count += 1;
    return minute;
  }
}
