import { LRUCache } from 'lru-cache';
import type { Queryable } from '../db/database.js';
import { countTrigger, listEventQuotas } from '../db/quotas.js';
import { TooManyRequestsError } from './http/api-errors.js';

const refreshMs = 3_000;

/**
 * Remembers in this process which tenants have an event quota, so that a trigger for any other tenant needs no query.
 * The list is refreshed in the background, at most every 3 seconds, so a new quota takes effect within about that time.
 * The count itself is kept by Postgres, and exact.
 */
export class EventQuotas {
  readonly #db: Queryable;
  readonly #quotas = new Map<string, number>();
  /** Until when a tenant is refused without another query. */
  readonly #refusedUntil = new LRUCache<string, number>({ max: 10_000, ttl: 60_000 });
  #setAt: string | null = null;
  #refreshing: Promise<void> | undefined;
  #isKnown = false;
  #refreshAt = 0;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** Throws TooManyRequestsError if the tenant's quota is used up. Every trigger counts, repeats too. */
  async count(tenantId: string): Promise<void> {
    if (performance.now() >= this.#refreshAt) this.#refresh();
    // Only the first triggers of a process wait for it.
    if (!this.#isKnown) await this.#refreshing;
    const perMinute = this.#quotas.get(tenantId);
    if (perMinute === undefined) return;
    const refusedForMs = (this.#refusedUntil.get(tenantId) ?? 0) - performance.now();
    if (refusedForMs > 0) throw usedUp(perMinute, Math.ceil(refusedForMs / 1_000));
    const waitSeconds = await countTrigger(this.#db, tenantId, perMinute);
    if (waitSeconds === null) return;
    this.#refusedUntil.set(tenantId, performance.now() + waitSeconds * 1_000);
    throw usedUp(perMinute, waitSeconds);
  }

  #refresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = this.#load()
      // Postgres is away: storing the event will fail for the same reason, and refuse the trigger.
      .catch(() => undefined)
      .finally(() => {
        this.#refreshing = undefined;
        this.#refreshAt = performance.now() + refreshMs;
      });
  }

  async #load(): Promise<void> {
    for (const { tenantId, eventsPerMinute, setAt } of await listEventQuotas(this.#db, this.#setAt)) {
      if (this.#quotas.get(tenantId) !== (eventsPerMinute ?? undefined)) this.#refusedUntil.delete(tenantId);
      if (eventsPerMinute === null) this.#quotas.delete(tenantId);
      else this.#quotas.set(tenantId, eventsPerMinute);
      this.#setAt = setAt;
    }
    this.#isKnown = true;
  }
}

const usedUp = (perMinute: number, waitSeconds: number) =>
  new TooManyRequestsError(
    `This tenant's quota is ${perMinute} events a minute; send this one again in ${waitSeconds} seconds.`,
    waitSeconds,
  );
