import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { RecentKey } from '../db/api-keys.js';
import { sqlState, sqlStateOf, type Database, type Queryable } from '../db/database.js';
import {
  countNewDeliveries,
  findEvent,
  insertEvent,
  type AcceptedEvent,
  type NewEvent,
  type StartableDelivery,
} from '../db/events.js';
import { renderBody } from '../delivery/body.js';
import { EventMismatchError, InvalidInputError, PayloadTooLargeError } from '../errors.js';
import type { DeliveryWorkflows } from '../temporal/workflows.js';
import { checkPayload, eventTypeNames, findEventType, type EventType, type TypedPayload } from './event-types.js';

/** Largest body, in bytes of UTF-8, as it is sent. */
export const maxBodyBytes = 256 * 1024;

/** Before it is a clock that was never set. */
const firstMoment = 0;
/** RFC 3339 has a form for years of four digits only. */
export const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const triesInDeadlock = 3;
/** Before the next try at the least, so that whom Postgres let go first has gone. */
const afterDeadlockMs = 20;

export interface TriggerDeps {
  db: Database;
  workflows: Pick<DeliveryWorkflows, 'start'>;
}

/** An event whose payload has yet to be checked: one that came from outside. */
export interface UncheckedEvent {
  tenantId: string;
  eventType: string;
  /** Whatever names the thing that happened, 1 to 255 printable characters; unique by tenant and type. */
  eventId: string;
  /** Anything that JSON can hold; dates become RFC 3339 text. Kept whole, also the fields that the schema does not know. */
  payload: unknown;
  /** When it happened; default now. */
  occurredAt?: Date;
}

/** An event whose payload fits its type, which the compiler sees to. */
export type TriggeredEvent<T extends EventType = EventType> = Omit<UncheckedEvent, 'eventType' | 'payload'> &
  TypedPayload<T>;

/** `repeated`: this tenant, type and event id came before; the answer is then the first one's. */
export type TriggerAnswer = AcceptedEvent & { repeated: boolean };

/**
 * Accepts an event: when this resolves, the event and one delivery per subscribed webhook are committed and will be
 * delivered, whatever happens to this process or to Temporal. Safe to repeat.
 * Throws InvalidInputError (unknown type, payload that does not fit), PayloadTooLargeError, NotFoundError (no such tenant),
 * EventMismatchError (the event id came before with another payload), DatabaseUnavailableError (nothing was accepted, or
 * it cannot be known: repeat).
 */
export const triggerEvent = (deps: TriggerDeps, event: TriggeredEvent): Promise<TriggerAnswer> =>
  triggerUnchecked(deps, event);

/**
 * As triggerEvent, for an event that came from outside. `key`: by whose right, where that is still to be confirmed; throws
 * what its `confirm` throws.
 */
export async function triggerUnchecked(
  deps: TriggerDeps,
  event: UncheckedEvent,
  key: RecentKey | null = null,
): Promise<TriggerAnswer> {
  const checked = checkEvent(event);
  const accepted = await insertEvent(deps.db, checked, { apiKeyId: key?.id ?? null });
  if (accepted) {
    deps.workflows.start(startable(checked, accepted));
    return { ...accepted, repeated: false };
  }
  await key?.confirm();
  const first = await findEvent(deps.db, checked);
  if (!first) throw new Error(`event ${event.eventType} ${event.eventId} was deleted while it was triggered again`);
  if (!isDeepStrictEqual(dataOf(first.body), dataOf(checked.body))) {
    throw new EventMismatchError(
      `Event ${event.eventType} ${event.eventId} was triggered before with another payload. An event never changes: use a new event_id.`,
    );
  }
  return { id: first.id, occurredAt: first.occurredAt, deliveries: first.deliveries, repeated: true };
}

/** False when this tenant, type and event id came before: then the first one stands, whatever the payload. Throws as triggerEvent. */
export type Trigger = (event: TriggeredEvent) => Promise<boolean>;

/**
 * For event sources with records of their own: what `work` writes and the events that it triggers are committed
 * together or not at all, so that no repeat and no crash can tell one without the other. In a deadlock `work` is rolled
 * back and called again.
 */
export async function recordWithEvents<T>(
  { db, workflows }: TriggerDeps,
  work: (db: Queryable, trigger: Trigger) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const inserted: AcceptedEvent['deliveries'] = [];
    const toStart: StartableDelivery[] = [];
    try {
      const result = await db.transaction(async (transaction) => {
        const answer = await work(transaction, async (event) => {
          const checked = checkEvent(event);
          const accepted = await insertEvent(transaction, checked, { countLater: true });
          if (!accepted) return false;
          inserted.push(...accepted.deliveries);
          toStart.push(...startable(checked, accepted));
          return true;
        });
        await countNewDeliveries(transaction, inserted);
        return answer;
      });
      workflows.start(toStart);
      return result;
    } catch (error) {
      // Postgres let the other of two transactions go first.
      if (tries === triesInDeadlock || sqlStateOf(error) !== sqlState.deadlockDetected) throw error;
      await delay(afterDeadlockMs * (1 + Math.random()));
    }
  }
}

/** Those of a paused webhook wait in Postgres. */
function startable({ tenantId, eventType, eventId }: NewEvent, { deliveries }: AcceptedEvent): StartableDelivery[] {
  return deliveries
    .filter(({ status }) => status === 'pending')
    .map(({ id, webhookId }) => ({ tenantId, eventType, eventId, id, webhookId }));
}

function checkEvent(event: UncheckedEvent): NewEvent {
  const { tenantId, eventType, eventId, occurredAt = new Date() } = event;
  return { tenantId, eventType, eventId, occurredAt, body: checkedBody(event, occurredAt) };
}

function checkedBody(event: UncheckedEvent, occurredAt: Date): string {
  if (!findEventType(event.eventType)) {
    const message = `${JSON.stringify(event.eventType)} is not an event type; known are ${eventTypeNames.join(', ')}`;
    throw new InvalidInputError('Unknown event type.', [{ path: 'event_type', message }]);
  }
  if (!isEventId(event.eventId)) {
    const message = 'must be 1 to 255 characters without control characters';
    throw new InvalidInputError('Bad event id.', [{ path: 'event_id', message }]);
  }
  if (!(occurredAt.getTime() >= firstMoment && occurredAt.getTime() <= lastMoment)) {
    const message = 'must be a time from 1970 on and before the year 10000, in UTC';
    throw new InvalidInputError('Bad time.', [{ path: 'occurred_at', message }]);
  }
  const body = renderBody({
    eventType: event.eventType,
    eventId: event.eventId,
    timestamp: occurredAt.toISOString(),
    data: event.payload,
  });
  const bytes = Buffer.byteLength(body);
  if (bytes > maxBodyBytes) {
    const message = `makes a body of ${bytes} bytes; at most ${maxBodyBytes} are sent. Send a link to the large part instead`;
    throw new PayloadTooLargeError('Payload too large.', [{ path: 'payload', message }]);
  }
  // What is checked is what is sent: dates are text by now, and what JSON cannot hold is gone.
  const errors = checkPayload(event.eventType, dataOf(body));
  if (errors.length > 0) throw new InvalidInputError(`The payload does not fit ${event.eventType}.`, errors);
  return body;
}

/** Event ids go into headers, search attributes and lists: no control characters, no lone surrogates. */
export const isEventId = (text: string) => text.length > 0 && text.length <= 255 && /^[^\p{Cc}\p{Cs}]+$/u.test(text);

const dataOf = (body: string): unknown => (JSON.parse(body) as { data?: unknown }).data;
