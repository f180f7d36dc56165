import type { Queryable } from './database.js';

/** An event of a call as it is kept. `facts` is JSON as text. */
export interface KeptEvent {
  coreUuid: string;
  sequence: number;
  callSid: string;
  kind: string;
  facts: string;
}

export interface NewCallEvent extends KeptEvent {
  /** False: only kept if a call of that id is known. */
  isFirstLeg: boolean;
}

/** Keeps many events of one switch, those that are there already excepted. Safe to repeat, from any number of listeners. */
export async function keepCallEvents(db: Queryable, switchName: string, events: NewCallEvent[]): Promise<void> {
  const column = <K extends keyof NewCallEvent>(key: K) => events.map((event) => event[key]);
  await db.query(
    `insert into call_events (core_uuid, event_sequence, switch, call_sid, kind, facts)
     select e.core_uuid, e.event_sequence, $1, e.call_sid, e.kind, e.facts
       from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[])
            as e (core_uuid, event_sequence, call_sid, kind, facts, is_first_leg)
      where e.is_first_leg or exists (select from calls c where c.call_sid = e.call_sid)
         -- two listeners that keep the same events in one order never wait for each other in a circle
      order by e.core_uuid, e.event_sequence
     on conflict (core_uuid, event_sequence) do nothing`,
    [
      switchName,
      column('coreUuid'),
      column('sequence'),
      column('callSid'),
      column('kind'),
      column('facts'),
      column('isFirstLeg'),
    ],
  );
}

interface KeptRow {
  core_uuid: string;
  event_sequence: number;
  switch: string;
  call_sid: string;
  kind: string;
  facts: string;
}

/** A kept event that nobody has handled, with the name of its switch. */
export type UnhandledEvent = KeptEvent & { switchName: string };

/** In the switch's order. */
export async function unhandledEvents(db: Queryable, callSid: string, limit = 10_000): Promise<UnhandledEvent[]> {
  const { rows } = await db.query<KeptRow>(
    `select core_uuid, event_sequence, switch, call_sid, kind, facts from call_events
      where call_sid = $1 and handled_at is null order by core_uuid, event_sequence limit $2`,
    [callSid, limit],
  );
  return rows.map((row) => ({
    coreUuid: row.core_uuid,
    sequence: row.event_sequence,
    switchName: row.switch,
    callSid: row.call_sid,
    kind: row.kind,
    facts: row.facts,
  }));
}

export async function nextEvent(db: Queryable, callSid: string): Promise<UnhandledEvent | undefined> {
  return (await unhandledEvents(db, callSid, 1))[0];
}

export async function markHandled(db: Queryable, { coreUuid, sequence }: KeptEvent): Promise<void> {
  await db.query('update call_events set handled_at = now() where core_uuid = $1 and event_sequence = $2', [
    coreUuid,
    sequence,
  ]);
}

/** Calls with events that were kept a while ago and that nobody has handled, unless their tenant was sought since. */
export async function callsWithLeftovers(db: Queryable, olderThanMs: number, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ call_sid: string }>(
    `select e.call_sid from call_events e left join calls c using (call_sid)
      where e.handled_at is null and e.kept_at < now() - $1 * interval '1 millisecond'
        and (c.tenant_id is not null or c.tenant_sought_at is null or c.tenant_sought_at < e.kept_at)
      group by e.call_sid limit $2`,
    [olderThanMs, limit],
  );
  return rows.map((row) => row.call_sid);
}

/** When the last event of this run of a switch happened, by the switch's clock; null when none was kept. */
export async function lastHeardOf(db: Queryable, coreUuid: string): Promise<Date | null> {
  const { rows } = await db.query<{ facts: string }>(
    'select facts from call_events where core_uuid = $1 order by event_sequence desc limit 1',
    [coreUuid],
  );
  if (!rows[0]) return null;
  return new Date((JSON.parse(rows[0].facts) as { occurredAt: string }).occurredAt);
}
