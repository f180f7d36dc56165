import { oneRow, type Queryable } from './database.js';
import type { KeptTenant } from './retention-settings.js';

/*
 * Each function handles one batch of at most `limit` rows of the given tenants and returns how many there were; 0: all
 * done. Every range is found in an index, tenant by tenant or webhook by webhook: what is kept for longer is not read.
 */
type Batch = (db: Queryable, tenants: readonly KeptTenant[], limit: number) => Promise<number>;

/** Ids contain their time. */
const idBefore = (days: string) => `uuid_v7_floor(now() - ${days} * interval '1 day')`;
const timeBefore = (days: string) => `now() - ${days} * interval '1 day'`;

/** What is younger may not be counted in the statistics yet. */
const rolledUpUntil = '(select rolled_up_until from statistics_progress)';
const countedBefore = (days: string) => `least(${timeBefore(days)}, ${rolledUpUntil})`;

/** The tenants with how many days something of theirs is kept, as the table `t (id, days)`. */
const kept = 'unnest($1::uuid[], $2::integer[]) as t (id, days)';
const keptValues = (tenants: readonly KeptTenant[], days: (tenant: KeptTenant) => number) => [
  tenants.map(({ tenantId }) => tenantId),
  tenants.map(days),
];

/** Pending and held deliveries that were not sent in time expire. */
export const expireUnsent: Batch = async (db, tenants, limit) => {
  const { rows } = await db.query<{ id: string }>(
    `select d.id from ${kept} join webhooks w on w.tenant_id = t.id cross join (values ('pending'), ('held')) s (status)
      cross join lateral (
        select id from webhook_deliveries
         where webhook_id = w.id and status = s.status and id < ${idBefore('t.days')} order by id limit $3) d
      limit $3`,
    [...keptValues(tenants, ({ unsent }) => unsent), limit],
  );
  // One at a time: each locks its webhook's limiter and counters.
  for (const { id } of rows) await db.query("select settle_delivery($1, 'expired')", [id]);
  return rows.length;
};

/** With their attempts. */
export const deleteDeliveries: Batch = async (db, tenants, limit) => {
  const { rowCount } = await db.query(
    `delete from webhook_deliveries where id = any(array(
       select d.id from ${kept} join webhooks w on w.tenant_id = t.id
        cross join lateral (
          select id from webhook_deliveries
           where webhook_id = w.id and id < ${idBefore('t.days')} and finished_at < ${countedBefore('t.days')}
           order by id limit $3) d
        limit $3))`,
    [...keptValues(tenants, ({ days }) => days.deliveries), limit],
  );
  return rowCount ?? 0;
};

/**
 * Those that have no deliveries left. With the last event of an ordering key goes its number, unless an event of it has
 * come since; the next one is then number 1 again.
 */
export const deleteEvents: Batch = async (db, tenants, limit) => {
  const { rows } = await db.query<{ count: number }>(
    `with gone as (
       delete from webhook_events e using (
         select e.id, t.days from ${kept} cross join lateral (
           select id from webhook_events o
            where tenant_id = t.id and id < uuid_v7_floor(${countedBefore('t.days')})
              and not exists (select from webhook_deliveries d where d.event_row_id = o.id)
            order by id limit $3) e
          limit $3) old
        where e.id = old.id returning e.id, e.tenant_id, e.ordering_key, old.days),
     unnumbered as (
       delete from ordering_keys k using gone g
        where k.tenant_id = g.tenant_id and k.key = g.ordering_key and k.used_at < ${timeBefore('g.days')}
          and not exists (
            select from webhook_events e
             where e.tenant_id = k.tenant_id and e.ordering_key = k.key and e.id not in (select id from gone)))
     select count(*) from gone`,
    [...keptValues(tenants, ({ days }) => days.events), limit],
  );
  return oneRow(rows).count;
};

/** Recoveries that have ended, and none of whose deliveries is on its way any more. */
export const deleteRecoveries: Batch = async (db, tenants, limit) => {
  const { rowCount } = await db.query(
    `delete from webhook_recoveries where id = any(array(
       select r.id from ${kept} join webhooks w on w.tenant_id = t.id
        cross join lateral (
          select id from webhook_recoveries
           where webhook_id = w.id and id < ${idBefore('t.days')} and finished_at < ${timeBefore('t.days')}
             and requeued = delivered + failed
           order by id limit $3) r
        limit $3))`,
    [...keptValues(tenants, ({ days }) => days.deliveries), limit],
  );
  return rowCount ?? 0;
};

export const deleteMessages: Batch = (db, tenants, limit) =>
  deleteOlder(db, tenants, limit, {
    table: 'messages',
    column: 'id',
    before: idBefore,
    days: ({ days }) => days.messages,
  });

export const deleteRecordings: Batch = (db, tenants, limit) => deleteOlder(db, tenants, limit, ofCalls('recordings'));

export const deleteCalls: Batch = (db, tenants, limit) => deleteOlder(db, tenants, limit, ofCalls('calls'));

const ofCalls = (table: string) => ({
  table,
  column: 'created_at',
  before: timeBefore,
  days: ({ days }: KeptTenant) => days.calls,
});

async function deleteOlder(
  db: Queryable,
  tenants: readonly KeptTenant[],
  limit: number,
  of: { table: string; column: string; before: (days: string) => string; days: (tenant: KeptTenant) => number },
): Promise<number> {
  const { rowCount } = await db.query(
    `delete from ${of.table} where ctid = any(array(
       select r.ctid from ${kept} cross join lateral (
         select ctid from ${of.table} where tenant_id = t.id and ${of.column} < ${of.before('t.days')}
          order by ${of.column} limit $3) r
        limit $3))`,
    [...keptValues(tenants, of.days), limit],
  );
  return rowCount ?? 0;
}

/** Statistics over time, whosever: minutes for a week at most. */
export async function deleteStatistics(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from webhook_statistics where ctid = any(array(
       select s.ctid from (values ('minute', least(7, $1::integer)), ('hour', $1), ('day', $1)) u (unit, days) cross join lateral (
         select ctid from webhook_statistics where unit = u.unit and start < ${timeBefore('u.days')} order by start limit $2) s
        limit $2))`,
    [retentionDays, limit],
  );
  return rowCount ?? 0;
}

/** Of webhooks that are removed next (deleteWebhookRows). */
export const deleteWebhookStatistics: Batch = async (db, tenants, limit) => {
  const { rowCount } = await db.query(
    `delete from webhook_statistics where ctid = any(array(
       select s.ctid from ${kept} join webhooks w on w.tenant_id = t.id
        cross join lateral (select ctid from webhook_statistics where webhook_id = w.id limit $3) s
        where ${isGone} limit $3))`,
    [...keptValues(tenants, ({ days }) => days.deliveries), limit],
  );
  return rowCount ?? 0;
};

const isGone = `w.deleted_at < ${timeBefore('t.days')} and w.settling_since is null
  and not exists (select from webhook_deliveries d where d.webhook_id = w.id)`;

/** Deleted webhooks that have no deliveries and statistics left, with their counters, limiters and tokens. */
export const deleteWebhookRows: Batch = async (db, tenants, limit) => {
  const { rows } = await db.query<{ id: number }>(
    `select w.id from ${kept} join webhooks w on w.tenant_id = t.id
      where ${isGone} and not exists (select from webhook_statistics s where s.webhook_id = w.id)
      order by w.id limit $3`,
    [...keptValues(tenants, ({ days }) => days.deliveries), limit],
  );
  const ids = rows.map(({ id }) => id);
  for (const table of ['webhook_tokens', 'webhook_counters', 'webhook_limiters'])
    await db.query(`delete from ${table} where webhook_id = any($1)`, [ids]);
  await db.query('delete from webhooks where id = any($1)', [ids]);
  return ids.length;
};

/** Bodies of events and responses, where they are kept for less time than their rows. */
export const removeBodies: Batch = (db, tenants, limit) =>
  removeOnce(db, tenants, limit, {
    until: 'bodies_removed_until',
    days: ({ days }) => days.bodies,
    isShorter: ({ days }) => days.bodies < days.events,
    remove: [
      'update webhook_events e set body = null from page where e.id = page.id and e.body is not null',
      `update webhook_attempts a set response_body = null from senders
        where a.delivery_id = senders.id and a.response_body is not null`,
      `delete from webhook_bodies b using page join webhook_deliveries d on d.event_row_id = page.id
        where b.delivery_id = d.id`,
    ],
  });

/**
 * Attempts, where they are kept for less time than their deliveries. One that was made a moment ago goes with its
 * delivery.
 */
export const removeAttempts: Batch = (db, tenants, limit) =>
  removeOnce(db, tenants, limit, {
    until: 'attempts_removed_until',
    days: ({ days }) => days.attempts,
    isShorter: ({ days }) => days.attempts < days.deliveries,
    remove: [
      `delete from webhook_attempts a using senders
        where a.delivery_id = senders.id and a.recorded_at < ${rolledUpUntil} is not false`,
    ],
  });

/** Events that one statement goes through: each may have many deliveries, and those many attempts. */
const eventPageSize = 100;

/** Goes through the events of one tenant after the other in the order of their ids, and notes up to where it came. */
async function removeOnce(
  db: Queryable,
  tenants: readonly KeptTenant[],
  limit: number,
  of: {
    until: 'bodies_removed_until' | 'attempts_removed_until';
    days: (tenant: KeptTenant) => number;
    isShorter: (tenant: KeptTenant) => boolean;
    remove: readonly string[];
  },
): Promise<number> {
  let passed = 0;
  for (const tenant of tenants.filter(of.isShorter)) {
    const removed = of.remove.map((statement, i) => `removed_${i} as (${statement})`);
    const { rows } = await db.query<{ count: number }>(
      `with page as materialized (
         select e.id from webhook_events e
          where e.tenant_id = $1 and e.id > coalesce((select ${of.until} from tenants where id = $1), '00000000-0000-0000-0000-000000000000')
            and e.id < ${idBefore('$2::integer')} order by e.id limit $3),
       -- whose attempts are theirs: deliveries, and the batches that they were in
       senders as materialized (
         select d.id from page join webhook_deliveries d on d.event_row_id = page.id
         union
         select m.batch_id from page join webhook_deliveries d on d.event_row_id = page.id
           join webhook_batch_members m on m.delivery_id = d.id),
       ${removed.join(', ')},
       noted as (
         update tenants set ${of.until} = (select id from page order by id desc limit 1)
          where id = $1 and exists (select from page))
       select count(*)::integer as count from page`,
      [tenant.tenantId, of.days(tenant), Math.min(eventPageSize, limit - passed)],
    );
    passed += rows[0]?.count ?? 0;
    if (passed >= limit) break;
  }
  return passed;
}

/**
 * What belongs to no tenant: events of switches, handled ones for two days only (no switch repeats an event that late),
 * and calls whose tenant was never known.
 */
export async function deleteUnowned(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const deleteBatch = async (table: string, condition: string, days: number) => {
    const { rowCount } = await db.query(
      `delete from ${table} where ctid = any(array(
         select ctid from ${table} where ${condition} < ${timeBefore('$1::integer')} limit $2))`,
      [days, limit],
    );
    return rowCount ?? 0;
  };
  // Events that were set aside stay, for an operator to see and perhaps to have handled again.
  const handled = 'handled_at is not null and set_aside_at is null and kept_at';
  return (
    (await deleteBatch('call_events', handled, Math.min(2, retentionDays))) +
    (await deleteBatch('call_events', 'kept_at', retentionDays)) +
    (await deleteBatch('calls', 'tenant_id is null and created_at', retentionDays)) +
    (await deleteBatch('switch_runs', 'seen_at', retentionDays))
  );
}

/** Entries of the audit log, whosever. */
export async function deleteAuditEntries(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from audit_entries where id in (select id from audit_entries where id < ${idBefore('$1::integer')} order by id limit $2)`,
    [retentionDays, limit],
  );
  return rowCount ?? 0;
}
