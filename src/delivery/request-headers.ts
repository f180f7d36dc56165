import { isReservedHeader } from './custom-headers.js';
import { signatureHeaders } from './signature.js';

export interface RequestHeadersInput {
  eventType: string;
  eventId: string;
  /** By which a receiver can sort; absent or null: the type has no ordering key. */
  ordering?: { key: string; sequence: number } | null;
  /** `webhook-id`: the event's own id, the same on every attempt and every manual retry. */
  messageId: string;
  deliveryId: string;
  /** From 1. */
  attempt: number;
  timestampSeconds: number;
  secret: string;
  previousSecret?: string | undefined;
  body: string;
  customHeaders: Record<string, string>;
  /** This service's version, for `User-Agent`. */
  version: string;
}

/**
 * All headers of one attempt except those of the connection (`Host`, `Content-Length`). A custom header never replaces
 * one of ours, whatever is in the database.
 */
export function buildRequestHeaders(input: RequestHeadersInput): Record<string, string> {
  const custom = Object.entries(input.customHeaders).filter(([name]) => !isReservedHeader(name));
  return {
    ...Object.fromEntries(custom),
    'Content-Type': 'application/json',
    'User-Agent': `IRISX-Webhooks/${input.version}`,
    'X-IRISX-Event': encodeHeaderValue(input.eventType),
    'X-IRISX-Event-Id': encodeHeaderValue(input.eventId),
    ...(input.ordering && {
      'X-IRISX-Ordering-Key': encodeHeaderValue(input.ordering.key),
      'X-IRISX-Sequence': String(input.ordering.sequence),
    }),
    'X-IRISX-Delivery': input.deliveryId,
    'X-IRISX-Attempt': String(input.attempt),
    ...signatureHeaders(input),
  };
}

/**
 * Percent-encodes, as UTF-8, what is not visible ASCII, and the percent sign, so that decoding always gives the id
 * back. Other text is not safe in header fields (RFC 9110 §5.5). The body has the id unencoded.
 */
export function encodeHeaderValue(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
