import type { CallKey } from './calls.js';
import type { Queryable } from './database.js';

/** A call that has not ended as far as we know. */
export interface OpenCall extends CallKey {
  coreUuid: string;
  /** A later call with the same uuid has begun: a switch that lists the uuid means the later one. */
  wasFollowed: boolean;
  /** No listener serves its switch: nobody uses that name, and its run was not reached for a long time. */
  isOrphan: boolean;
}

/**
 * The open calls that can be judged by one switch's list of calls: those of its current run, under whatever name it was
 * reached; those of earlier runs under this name; and those whose switch nobody serves.
 */
export async function listOpenCalls(
  db: Queryable,
  filter: {
    switchName: string;
    /** null: not known yet. */
    coreUuid: string | null;
    /** The names of all switches that this process serves. */
    servedNames: readonly string[];
    orphanAfterMs: number;
  },
): Promise<OpenCall[]> {
  const { rows } = await db.query<{
    call_sid: string;
    id_suffix: string;
    core_uuid: string;
    was_followed: boolean;
    is_orphan: boolean;
  }>(
    `with open as (
       select c.call_sid, c.id_suffix, c.core_uuid, c.switch, c.started_at, c.created_at,
              c.core_uuid = $2 or c.switch = $1 or coalesce(r.switch = $1, false) as is_ours,
              not c.switch = any($3) and not coalesce(r.switch = any($3), false)
                and greatest(c.created_at, r.seen_at) < now() - $4 * interval '1 millisecond' as is_orphan
         from calls c left join switch_runs r on r.core_uuid = c.core_uuid
        where c.ended_at is null and c.tenant_missed_at is null)
     select o.call_sid, o.id_suffix, o.core_uuid, o.is_orphan and not coalesce(o.is_ours, false) as is_orphan,
            exists (select from calls l where l.call_sid = o.call_sid
                       and (l.started_at, l.created_at, l.id_suffix) > (o.started_at, o.created_at, o.id_suffix)) as was_followed
       from open o where o.is_ours or o.is_orphan`,
    [filter.switchName, filter.coreUuid, filter.servedNames, filter.orphanAfterMs],
  );
  return rows.map((row) => ({
    callSid: row.call_sid,
    idSuffix: row.id_suffix,
    coreUuid: row.core_uuid,
    wasFollowed: row.was_followed,
    isOrphan: row.is_orphan,
  }));
}

/** Whether calls are open whose switch has none of our names: its Core-UUID will show which switch it is. */
export async function hasCallsOfOtherNames(db: Queryable, servedNames: readonly string[]): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>(
    `select exists (select from calls
                     where ended_at is null and tenant_missed_at is null and not switch = any($1)) as has`,
    [servedNames],
  );
  return rows[0]?.has ?? false;
}

/** Notes that this run is reached now, under this name. */
export async function recordSwitchRun(db: Queryable, coreUuid: string, switchName: string): Promise<void> {
  await db.query(
    `insert into switch_runs (core_uuid, switch) values ($1, $2)
     on conflict (core_uuid) do update set switch = excluded.switch, seen_at = now()`,
    [coreUuid, switchName],
  );
}

/**
 * When the last event of this run happened, by the switch's clock. Without an event: when the run was last reached, by
 * Postgres' clock. Null: never.
 */
export async function lastSeenRun(db: Queryable, coreUuid: string): Promise<Date | null> {
  const { rows } = await db.query<{ seen_at: Date | null; facts: string | null }>(
    `select (select seen_at from switch_runs where core_uuid = $1) as seen_at,
            (select facts from call_events where core_uuid = $1 order by event_sequence desc limit 1) as facts`,
    [coreUuid],
  );
  const { facts, seen_at: seenAt = null } = rows[0] ?? {};
  return facts ? new Date((JSON.parse(facts) as { occurredAt: string }).occurredAt) : seenAt;
}
