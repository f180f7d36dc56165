import { findEventType } from './event-types.js';

/** Whether ids of such events may name a person: then they are kept where they can be erased, and nowhere else. */
export const hasPersonalIds = (name: string): boolean => findEventType(name)?.hasPersonalIds ?? false;

interface NamedEvent {
  eventType: string;
  eventId: string;
}

/** An event's id for a log line or a message, which cannot be erased later. */
export const loggedEventId = ({ eventType, eventId }: NamedEvent): string =>
  hasPersonalIds(eventType) ? '[personal]' : eventId;

/** An event's type and id, for the same. */
export const eventLabel = (event: NamedEvent): string => `${event.eventType} ${loggedEventId(event)}`;
