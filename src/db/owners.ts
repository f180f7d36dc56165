import type { Queryable } from './database.js';

/** Null: there is no such delivery, or its tenant was deleted. */
export const tenantOfDelivery = (db: Queryable, webhookId: number, deliveryId: string): Promise<string | null> =>
  ownerIn(db, 'webhook_deliveries d', 'd.id = $1 and d.webhook_id = $2 and d.batch_size is null', [
    deliveryId,
    webhookId,
  ]);

/** Null: there is no such event, or its tenant was deleted. */
export const tenantOfEvent = (db: Queryable, eventRowId: string): Promise<string | null> =>
  ownerIn(db, 'webhook_events e', 'e.id = $1', [eventRowId]);

async function ownerIn(db: Queryable, table: string, where: string, values: unknown[]): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `select t.id from ${table} join tenants t on t.id = tenant_id and t.deleted_at is null where ${where}`,
    values,
  );
  return rows[0]?.id ?? null;
}
