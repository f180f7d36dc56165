// Verifies deliveries of IRISX Webhooks. No dependencies; copy it into your project. Node 18 or newer.
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_SECONDS = 300;

/**
 * Whether a request is from IRISX, unchanged and recent. Never throws: answer 401 if it returns false.
 *
 * @param {Uint8Array} rawBody the bytes of the request, before anything parsed them
 * @param {Record<string, string | string[] | undefined>} headers as Node gives them (`req.headers`, lower-case names)
 * @param {string} secret the webhook's whole signing secret: `whsec_…`
 */
export function verifyWebhook(rawBody, headers, secret) {
  const timestamp = headers?.['x-irisx-timestamp'];
  // For a while after a rotation there is a second header, signed with the previous secret.
  return (
    verifySignature(rawBody, headers?.['x-irisx-signature'], timestamp, secret) ||
    verifySignature(rawBody, headers?.['x-irisx-signature-previous'], timestamp, secret)
  );
}

export function verifySignature(rawBody, signature, timestamp, secret, nowMs = Date.now()) {
  if (!(rawBody instanceof Uint8Array)) return false;
  if (typeof signature !== 'string' || typeof timestamp !== 'string') return false;
  if (typeof secret !== 'string' || secret === '') return false;

  // Refuse a timestamp that is too far off, so that nobody can send a recorded request again later.
  if (!/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;

  const digest = createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest('hex');
  const expected = Buffer.from(`sha256=${digest}`);
  const received = Buffer.from(signature);
  // timingSafeEqual throws for different lengths, and it compares bytes: "é" is one character but two bytes.
  return received.length === expected.length && timingSafeEqual(received, expected);
}
