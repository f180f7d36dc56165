import { z } from 'zod';
import { InvalidInputError } from '../errors.js';
import { parseJsonText, type ParsedJson } from './json-text.js';

/** The body of `POST /v1/events`. Event type, event id and payload are checked when the event is triggered. */
const eventRequest = z
  .strictObject({
    tenant_id: z.string().max(255).optional(),
    tenant_external_id: z.string().max(255).optional(),
    event_type: z.string(),
    event_id: z.string(),
    payload: z.record(z.string(), z.unknown()),
    occurred_at: z.iso.datetime({ offset: true }).optional(),
  })
  .refine((event) => (event.tenant_id === undefined) !== (event.tenant_external_id === undefined), {
    path: ['tenant_id'],
    error: 'give either tenant_id or tenant_external_id',
  });

export interface EventRequest {
  /** Our id of the tenant, or the platform's own id (external id). */
  tenant: string;
  eventType: string;
  eventId: string;
  payload: Record<string, unknown>;
  occurredAt: Date | undefined;
}

/**
 * Reads an event that came as JSON text, but not through the API. Throws InvalidInputError for anything else, and for
 * numbers that would lose precision (RFC 8259 §6); the messages contain no value of the text.
 */
export function readEventRequest(json: Uint8Array): EventRequest {
  const { value, inexactNumbers } = parse(json);
  if (inexactNumbers.length > 0)
    throw new InvalidInputError('The event has numbers that a double cannot hold exactly; send them as text.');
  const { data, error } = eventRequest.safeParse(value);
  if (error) {
    // Names of unknown fields are the sender's text, so they stay out of the message.
    const paths = error.issues.map(({ path, code }) =>
      code === 'unrecognized_keys' ? 'unknown fields' : path.join('.'),
    );
    const fields = [...new Set(paths)].map((path) => ({ path, message: '' }));
    throw new InvalidInputError('The event does not have the form of POST /v1/events.', fields);
  }
  return {
    tenant: data.tenant_id ?? data.tenant_external_id!,
    eventType: data.event_type,
    eventId: data.event_id,
    payload: data.payload,
    occurredAt: data.occurred_at === undefined ? undefined : new Date(data.occurred_at),
  };
}

/** Replaces the parser's own errors, which show a character or the name of a field. */
function parse(json: Uint8Array): ParsedJson {
  try {
    return parseJsonText(json);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError('The event is not valid JSON, names a field twice, or is nested over 100 levels deep.');
  }
}
