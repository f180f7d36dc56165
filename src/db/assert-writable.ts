import type { Queryable } from './database.js';

/**
 * Locks no row, and is refused by a server that takes no writes: a standby, or one that was made read-only. A session
 * that is refused is closed, like any other.
 */
export async function assertWritable(db: Queryable): Promise<void> {
  await db.query('select from webhook_deliveries where false for no key update');
}

/** SQL: whether this session takes writes. What would be good to record, but is no reason to refuse a call, asks it first. */
export const takesWrites = `current_setting('transaction_read_only') = 'off'`;
