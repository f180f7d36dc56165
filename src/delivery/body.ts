export interface BodyInput {
  eventType: string;
  eventId: string;
  /** When the event happened, RFC 3339 in UTC. It is the event's time, never the attempt's. */
  timestamp: string;
  data: unknown;
}

/**
 * The text that every attempt sends and signs, with the keys in the order of the contract. Rendered once, when the
 * event is accepted, and stored as text: parsing and rendering it again could change the text and so the signature.
 */
export const renderBody = ({ eventType, eventId, timestamp, data }: BodyInput): string =>
  JSON.stringify({ event: eventType, event_id: eventId, timestamp, data });
