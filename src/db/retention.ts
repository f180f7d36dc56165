import { oneRow, type Queryable } from './database.js';

/**
 * One batch of what is older than the retention time: pending and held deliveries expire, ended ones are deleted with
 * their attempts, then events without deliveries. Returns how many rows changed; 0: all done.
 */
export async function expireBatch(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const { rows: owed } = await db.query<{ id: string }>(
    `select id from webhook_deliveries
      where id < uuid_v7_floor(now() - $1 * interval '1 day') and status in ('pending', 'held') order by id limit $2`,
    [retentionDays, limit],
  );
  for (const { id } of owed) await db.query("select settle_delivery($1, 'expired')", [id]);
  const { rowCount: deliveries } = await db.query(
    `delete from webhook_deliveries where id in (
       select id from webhook_deliveries
        where id < uuid_v7_floor(now() - $1 * interval '1 day') and finished_at < now() - $1 * interval '1 day' order by id limit $2)`,
    [retentionDays, limit],
  );
  const { rowCount: events } = await db.query(
    `delete from webhook_events where id in (
       select e.id from webhook_events e
        where e.id < uuid_v7_floor(now() - $1 * interval '1 day')
          and not exists (select from webhook_deliveries d where d.event_row_id = e.id) order by e.id limit $2)`,
    [retentionDays, limit],
  );
  return owed.length + (deliveries ?? 0) + (events ?? 0);
}

/**
 * Deletes one batch of what is no longer needed of calls: handled events after two days (no switch repeats an event
 * that late), everything else after the retention time. Returns how many rows were deleted; 0: all done.
 */
export async function expireCalls(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const deleteBatch = async (table: string, key: string, condition: string, days: number) => {
    const { rowCount } = await db.query(
      `delete from ${table} where (${key}) in (
         select ${key} from ${table} where ${condition} < now() - $1 * interval '1 day' limit $2)`,
      [days, limit],
    );
    return rowCount ?? 0;
  };
  const handledDays = Math.min(2, retentionDays);
  // Events that were set aside stay, for an operator to see and perhaps to have handled again.
  const handled = 'handled_at is not null and set_aside_at is null and kept_at';
  return (
    (await deleteBatch('call_events', 'core_uuid, event_sequence', handled, handledDays)) +
    (await deleteBatch('call_events', 'core_uuid, event_sequence', 'kept_at', retentionDays)) +
    (await deleteBatch('recordings', 'call_sid, id_suffix, path_hash', 'created_at', retentionDays)) +
    (await deleteBatch('calls', 'call_sid, id_suffix', 'created_at', retentionDays)) +
    (await deleteBatch('switch_runs', 'core_uuid', 'seen_at', retentionDays))
  );
}

/** Deletes one batch of audit entries older than their own retention time. Returns how many; 0: all done. */
export async function expireAuditEntries(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from audit_entries where id in (
       select id from audit_entries where id < uuid_v7_floor(now() - $1 * interval '1 day') order by id limit $2)`,
    [retentionDays, limit],
  );
  return rowCount ?? 0;
}

/** Deletes one batch of messages older than the retention time. Returns how many; 0: all done. */
export async function expireMessages(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with gone as (
       delete from messages where id in (
         select id from messages where id < uuid_v7_floor(now() - $1 * interval '1 day') order by id limit $2)
       returning 1)
     select count(*)::int as count from gone`,
    [retentionDays, limit],
  );
  return oneRow(rows).count;
}

/** Deletes one batch of recoveries that ended before the retention time. Returns how many; 0: all done. */
export async function expireRecoveries(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from webhook_recoveries where id in (
       select id from webhook_recoveries
        where id < uuid_v7_floor(now() - $1 * interval '1 day') and finished_at < now() - $1 * interval '1 day'
          -- some of its deliveries may still be on their way
          and requeued = delivered + failed
        order by id limit $2)`,
    [retentionDays, limit],
  );
  return rowCount ?? 0;
}

/**
 * Removes the rows of deleted webhooks that have no deliveries left, with their counters, limiters and tokens. Returns
 * how many; 0: all done.
 */
export async function expireWebhooks(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `select id from webhooks w
      where deleted_at < now() - $1 * interval '1 day' and settling_since is null
        and not exists (select from webhook_deliveries d where d.webhook_id = w.id)
      order by id limit $2`,
    [retentionDays, limit],
  );
  const ids = rows.map(({ id }) => id);
  for (const table of ['webhook_tokens', 'webhook_counters', 'webhook_limiters'])
    await db.query(`delete from ${table} where webhook_id = any($1)`, [ids]);
  await db.query('delete from webhooks where id = any($1)', [ids]);
  return ids.length;
}
