import { LRUCache } from 'lru-cache';
import type { Queryable } from '../db/database.js';
import { findTenantByExternalId } from '../db/tenants.js';

/** An external id never changes its tenant. Only for a minute, in case the database is restored from a backup. */
const rememberedMs = 60_000;

/** Our ids of tenants that services name by their external id; a cache of this process. */
export class TenantIds {
  readonly #known = new LRUCache<string, string>({ max: 10_000, ttl: rememberedMs });
  constructor(private readonly db: Queryable) {}

  /** Null: no tenant has that external id. */
  async find(externalId: string): Promise<string | null> {
    const known = this.#known.get(externalId);
    if (known !== undefined) return known;
    const tenantId = await findTenantByExternalId(this.db, externalId);
    if (tenantId !== null) this.#known.set(externalId, tenantId);
    return tenantId;
  }
}
