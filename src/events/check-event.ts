import { createHash } from 'node:crypto';
import type { EventTrace, NewEvent } from '../db/events.js';
import { renderBody } from '../delivery/body.js';
import { InvalidInputError, PayloadTooLargeError } from '../errors.js';
import { checkPayload } from './check-payload.js';
import { eventTypeNames, findEventType } from './event-types.js';

/** Largest body, in bytes of UTF-8, as it is sent. */
export const maxBodyBytes = 256 * 1024;

/** A time before this comes from a clock that was never set. */
const firstMoment = 0;
/** RFC 3339 has only years of four digits. */
export const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** An event from outside, whose payload has yet to be checked. */
export interface UncheckedEvent {
  tenantId: string;
  eventType: string;
  /** Identifies what happened: 1 to 255 printable characters, unique by tenant and type. */
  eventId: string;
  /** Anything that JSON can hold; dates become RFC 3339 text. Fields that the schema does not know are kept too. */
  payload: unknown;
  /** When it happened; default now. */
  occurredAt?: Date;
  /** Absent or null: in no trace. */
  trace?: EventTrace | null;
}

/** The event as it is stored. Throws InvalidInputError or PayloadTooLargeError if it cannot be. */
export function checkEvent(event: UncheckedEvent): NewEvent {
  const { tenantId, eventType, eventId, occurredAt = new Date(), trace = null } = event;
  const { body, data } = checkedBody(event, occurredAt);
  const orderingKey = orderingKeyOf(eventType, data);
  return { tenantId, eventType, eventId, occurredAt, body, orderingKey, trace };
}

/** The value of the type's ordering key: what one call, one message or one number has in common. Null: it has none. */
function orderingKeyOf(eventType: string, data: Record<string, unknown>): string | null {
  const field = findEventType(eventType)?.orderingKey;
  if (!field) return null;
  const value = data[field] as string;
  // It is sent as a header, and indexed.
  return isEventId(value) ? value : `sha256-${createHash('sha256').update(value).digest('hex')}`;
}

/** With its payload as it is sent. */
function checkedBody(event: UncheckedEvent, occurredAt: Date): { body: string; data: Record<string, unknown> } {
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
  // Check what is sent: dates are text by now, and what JSON cannot hold is gone.
  const data = dataOf(body);
  const errors = checkPayload(event.eventType, data);
  if (errors.length > 0) throw new InvalidInputError(`The payload does not fit ${event.eventType}.`, errors);
  return { body, data: data as Record<string, unknown> };
}

/** Event ids go into headers, search attributes and lists: no control characters, no lone surrogates. */
export const isEventId = (text: string) => text.length > 0 && text.length <= 255 && /^[^\p{Cc}\p{Cs}]+$/u.test(text);

/** The payload of a rendered body. */
export const dataOf = (body: string): unknown => (JSON.parse(body) as { data?: unknown }).data;
