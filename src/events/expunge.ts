import type { Database } from '../db/database.js';
import {
  deleteExpunge,
  deliveriesToExpunge,
  eventsHoldingNumber,
  eventsWithId,
  expungeBatchAttempts,
  expungeDelivery,
  expungeEvent,
  expungeOrderingKeys,
  type Expunge,
  type ExpungedEvent,
} from '../db/expunge.js';
import {
  deleteReleasedNumber,
  expungeCallEvents,
  expungeCalls,
  expungeMessages,
  expungeRecordings,
  type CallCursor,
} from '../db/expunge-sources.js';
import { eventTypeNames } from './event-types.js';
import { hasPersonalIds } from './personal-ids.js';

export interface Expunged {
  events: number;
  attempts: number;
  /** False: the rest is still to be done. */
  isComplete: boolean;
}

/**
 * Carries an expunge out, in small steps; `goesOn` is asked after each of them whether there is time for more. Safe to
 * repeat, to interrupt and to run concurrently: what was erased is not found again.
 */
export async function carryOutExpunge(
  db: Database,
  expunge: Expunge,
  goesOn: () => boolean | Promise<boolean>,
): Promise<Expunged> {
  const expunged = { events: 0, attempts: 0, isComplete: false };
  for await (const { events = 0, attempts = 0 } of steps(db, expunge)) {
    expunged.events += events;
    expunged.attempts += attempts;
    if (!(await goesOn())) return expunged;
  }
  await deleteExpunge(db, expunge.id);
  return { ...expunged, isComplete: true };
}

interface Step {
  events?: number;
  attempts?: number;
}

/** Messages and calls before events: what is triggered of them meanwhile no longer holds the number. */
async function* steps(db: Database, { tenantId, subject }: Expunge): AsyncGenerator<Step> {
  if ('eventId' in subject) {
    for (const event of await eventsWithId(db, tenantId, subject.eventId, eventTypeNames)) yield* stepsOf(db, event);
    return;
  }
  const { phoneNumber } = subject;
  yield* pages((after: string | undefined) => expungeMessages(db, tenantId, phoneNumber, after ?? null));
  yield* pages((after: [string, number] | undefined) => expungeCallEvents(db, tenantId, phoneNumber, after));
  yield* pages((after: CallCursor | undefined) => expungeCalls(db, tenantId, phoneNumber, after));
  yield* pages((after: CallCursor | undefined) => expungeRecordings(db, tenantId, phoneNumber, after));
  await deleteReleasedNumber(db, tenantId, phoneNumber);
  for (let after: string | null = null; ;) {
    const { found, last } = await eventsHoldingNumber(db, tenantId, phoneNumber, after);
    for (const event of found) yield* stepsOf(db, event);
    if (last === null) break;
    await expungeBatchAttempts(db, tenantId, phoneNumber, { after, last });
    yield {};
    after = last;
  }
  yield* pages((after: string | undefined) => expungeOrderingKeys(db, tenantId, phoneNumber, after));
}

async function* pages<Cursor>(next: (after: Cursor | undefined) => Promise<Cursor | null>): AsyncGenerator<Step> {
  for (let after = await next(undefined); after !== null; after = await next(after)) yield {};
}

/** Each delivery on its own, so that nothing is locked for long; the event last, so that it is found until then. */
async function* stepsOf(db: Database, event: ExpungedEvent): AsyncGenerator<Step> {
  const isPersonal = event.isIdPersonal || hasPersonalIds(event.eventType);
  const eventId = isPersonal ? `expunged_${event.id}` : event.eventId;
  for (;;) {
    const deliveries = await deliveriesToExpunge(db, event.id);
    if (deliveries.length === 0) break;
    for (const id of deliveries) yield { attempts: await expungeDelivery(db, id, eventId) };
  }
  yield { events: (await expungeEvent(db, event.id, eventId)) ? 1 : 0 };
}
