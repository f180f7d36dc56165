import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ReceiverResponse } from './outcome.js';

/** The event of the request that asks a receiver to echo a challenge. Nobody can trigger it or subscribe to it. */
export const verificationEvent = 'webhook.verification';

/** What a receiver must send back to show that it wants what is sent to its url: 256 random bits. */
export const createChallenge = (): string => randomBytes(32).toString('base64url');

/**
 * Whether a response holds the challenge: as `{"challenge": …}`, or as its whole text. A server that sends back every
 * body that it gets has not answered, since in the request the challenge stands deeper.
 */
export function isEcho({ body, truncated }: ReceiverResponse, challenge: string): boolean {
  return !truncated && (isSame(body.trim(), challenge) || isSame(challengeIn(body), challenge));
}

function challengeIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { challenge?: unknown } | null)?.challenge;
  } catch {
    return undefined;
  }
}

/** In constant time. */
function isSame(given: unknown, challenge: string): boolean {
  if (typeof given !== 'string') return false;
  const [received, expected] = [Buffer.from(given), Buffer.from(challenge)];
  // By bytes, as timingSafeEqual compares them, and it throws for different lengths.
  return received.length === expected.length && timingSafeEqual(received, expected);
}
