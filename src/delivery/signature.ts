import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const secretPrefix = 'whsec_';
const defaultToleranceSeconds = 300;

/** A new signing secret: `whsec_` and 32 random bytes in base64, as Standard Webhooks requires (24 to 64 bytes). */
export const createSecret = (): string => secretPrefix + randomBytes(32).toString('base64');

/**
 * `sha256=<hex>` over `<timestamp>.<body>`, where body is the exact text that is sent. The key is the whole secret as
 * the tenant sees it, including its prefix.
 */
export function sign(secret: string, timestampSeconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${timestampSeconds}.${body}`).digest('hex');
  return `sha256=${digest}`;
}

/**
 * `v1,<base64>` over `<message id>.<timestamp>.<body>`, by the Standard Webhooks specification. The key is the decoded
 * base64 after the prefix. Throws for a secret that decodes to nothing, since anyone could sign with an empty key.
 */
export function signStandardWebhooks(
  secret: string,
  messageId: string,
  timestampSeconds: number,
  body: string,
): string {
  const key = Buffer.from(secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret, 'base64');
  if (key.length === 0) throw new Error(`signing secret is empty; create one with ${secretPrefix}<base64>`);
  const digest = createHmac('sha256', key).update(`${messageId}.${timestampSeconds}.${body}`).digest('base64');
  return `v1,${digest}`;
}

export interface SignatureHeadersInput {
  secret: string;
  /** The secret before the last rotation, while its overlap lasts. */
  previousSecret?: string | undefined;
  /** The event's id, the same on every attempt; it must contain no dot. */
  messageId: string;
  /** When this attempt is made: each retry is signed anew, or it would be outside the receiver's time window. */
  timestampSeconds: number;
  body: string;
}

/** The headers of both schemes for one attempt. During a rotation's overlap each scheme carries both signatures. */
export function signatureHeaders(input: SignatureHeadersInput): Record<string, string> {
  const { secret, previousSecret, messageId, timestampSeconds, body } = input;
  const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
  return {
    'X-IRISX-Signature': sign(secret, timestampSeconds, body),
    'X-IRISX-Timestamp': String(timestampSeconds),
    ...(previousSecret !== undefined && { 'X-IRISX-Signature-Previous': sign(previousSecret, timestampSeconds, body) }),
    'webhook-id': messageId,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': secrets.map((key) => signStandardWebhooks(key, messageId, timestampSeconds, body)).join(' '),
  };
}

export interface VerifySignatureInput {
  /** The request's bytes as they arrived, before anything parsed them. */
  rawBody: Uint8Array | string;
  /** `X-IRISX-Signature` as the HTTP server gives it: a missing or repeated header, or a non-string, is not valid. */
  signature: unknown;
  /** `X-IRISX-Timestamp`, likewise. */
  timestamp: unknown;
  secret: string;
  /** How far the timestamp may be off in either direction; default 300. */
  toleranceSeconds?: number;
  /** Epoch milliseconds; default the clock. */
  now?: number;
}

/**
 * Whether a request is ours, unchanged and recent. Never throws, whatever a stranger sends: a verifier that throws
 * turns a forged request into a 500.
 */
export function verifySignature(input: VerifySignatureInput): boolean {
  const { rawBody, signature, timestamp, secret, toleranceSeconds = defaultToleranceSeconds, now = Date.now() } = input;
  if (typeof signature !== 'string' || typeof timestamp !== 'string') return false;
  if (typeof secret !== 'string' || secret === '') return false;
  if (typeof rawBody !== 'string' && !(rawBody instanceof Uint8Array)) return false;
  if (!/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (!(Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds)) return false;
  const digest = createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest('hex');
  const expected = Buffer.from(`sha256=${digest}`);
  const received = Buffer.from(signature);
  // Compare lengths in bytes: a text of the right length may hold a two-byte character, and timingSafeEqual throws for
  // buffers of different lengths.
  return expected.length === received.length && timingSafeEqual(expected, received);
}
