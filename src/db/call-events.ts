import type { Queryable } from './database.js';

/** An event of a call as it is kept. `facts` is JSON as text. */
export interface StoredCallEvent {
  coreUuid: string;
  sequence: number;
  callSid: string;
  kind: string;
  facts: string;
}

export interface NewCallEvent extends StoredCallEvent {
  /** False: only kept if that leg is a call of its own. */
  isFirstLeg: boolean;
  /** Another leg on which it happened: if that is a call of its own, the event is that call's. */
  leg: string | null;
}

/**
 * Keeps many events of one switch, in the switch's order, and skips those that are kept already. Safe to repeat, from
 * any number of listeners.
 */
export async function storeCallEvents(db: Queryable, switchName: string, events: NewCallEvent[]): Promise<void> {
  const column = <K extends keyof NewCallEvent>(key: K) => events.map((event) => event[key]);
  // A leg is a call of its own once its first event was kept, even if that event has not been handled yet.
  const isOwnCall = (leg: string) =>
    `(exists (select from calls c where c.call_sid = ${leg})
      or exists (select from call_events k where k.call_sid = ${leg} and k.handled_at is null)
      or exists (select from incoming i where i.call_sid = ${leg} and i.is_first_leg and i.leg is null and i.place < e.place))`;
  await db.query(
    `with incoming as (
       select * from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[])
                with ordinality as e (core_uuid, event_sequence, call_sid, kind, facts, is_first_leg, leg, place))
     insert into call_events (core_uuid, event_sequence, switch, call_sid, kind, facts)
     select e.core_uuid, e.event_sequence, $1,
            case when e.leg is not null and ${isOwnCall('e.leg')} then e.leg else e.call_sid end, e.kind, e.facts
       from incoming e
      where e.is_first_leg or ${isOwnCall('e.call_sid')}
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
      column('leg'),
    ],
  );
}

interface CallEventRow {
  core_uuid: string;
  event_sequence: number;
  switch: string;
  call_sid: string;
  kind: string;
  facts: string;
}

/** A kept event that nobody has handled, with the name of its switch. */
export type UnhandledEvent = StoredCallEvent & { switchName: string };

/** Events of one run come in the run's order; runs come in any order. */
export async function unhandledEvents(db: Queryable, callSid: string, limit: number): Promise<UnhandledEvent[]> {
  const { rows } = await db.query<CallEventRow>(
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

/** Whether there are kept events of the uuid that nobody has looked at yet. */
export async function hasNewEvents(db: Queryable, callSid: string): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>(
    `select exists (select from call_events
                     where call_sid = $1 and handled_at is null and looked_at is null) as has`,
    [callSid],
  );
  return rows[0]?.has ?? false;
}

export type EventKey = Pick<StoredCallEvent, 'coreUuid' | 'sequence'>;

export async function markHandled(db: Queryable, { coreUuid, sequence }: EventKey): Promise<void> {
  await db.query('update call_events set handled_at = now() where core_uuid = $1 and event_sequence = $2', [
    coreUuid,
    sequence,
  ]);
}

/**
 * Gives an event up, so that the events after it can be handled: it is not tried again. False: it was handled
 * meanwhile.
 */
export async function setAside(db: Queryable, { coreUuid, sequence }: EventKey): Promise<boolean> {
  const { rowCount } = await db.query(
    `update call_events set handled_at = now(), set_aside_at = now()
      where core_uuid = $1 and event_sequence = $2 and handled_at is null`,
    [coreUuid, sequence],
  );
  return rowCount === 1;
}

/** These events say too little so far. A later event of the uuid brings them up again; the sweep does not. */
export async function markChecked(db: Queryable, events: EventKey[]): Promise<void> {
  await db.query(
    `update call_events k set looked_at = now()
       from unnest($1::text[], $2::bigint[]) as e (core_uuid, event_sequence)
      where k.core_uuid = e.core_uuid and k.event_sequence = e.event_sequence and k.looked_at is null`,
    [events.map(({ coreUuid }) => coreUuid), events.map(({ sequence }) => sequence)],
  );
}

/** Uuids with events older than `olderThanMs` that nobody has looked at, longest waiting first. */
export async function callsWithLeftovers(db: Queryable, olderThanMs: number, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ call_sid: string }>(
    `select call_sid from call_events
      where handled_at is null and looked_at is null and kept_at < now() - $1 * interval '1 millisecond'
      group by call_sid order by min(kept_at) limit $2`,
    [olderThanMs, limit],
  );
  return rows.map((row) => row.call_sid);
}
