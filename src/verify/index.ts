import { createHmac, timingSafeEqual } from 'node:crypto';

/** Node's `request.headers`, a plain object with names in any case, or fetch's `Headers`. */
export type ReceivedHeaders =
  { get(name: string): string | null } | { readonly [name: string]: string | readonly string[] | undefined };

export interface VerifyInput {
  /** The body as it arrived, before anything parsed it: a Buffer, other bytes, or the text. */
  rawBody: Uint8Array | string;
  headers: ReceivedHeaders;
  /** The whole secret of the webhook: `whsec_…`. Several during a rotation: a signature with any of them is valid. */
  secrets: string | readonly string[];
  /** How far the timestamp may be off, either way; default 300. */
  toleranceSeconds?: number;
  /** Epoch milliseconds; default: the current time. */
  now?: number;
}

/**
 * Why a request is not valid. `body_not_raw`: the body was already parsed, so check the order of the middleware;
 * `no_signature`: neither scheme's headers are there; `bad_timestamp`: the timestamp is missing or not a number;
 * `outside_tolerance`: it is too old or in the future; `wrong_signature`: signed with another secret, or changed in
 * transit.
 */
export type InvalidReason = 'body_not_raw' | 'no_signature' | 'bad_timestamp' | 'outside_tolerance' | 'wrong_signature';

export type VerifyResult =
  | {
      valid: true;
      /** The event's id (`webhook-id`), the same on every attempt: handle each once. Null if a proxy removed it. */
      messageId: string | null;
    }
  | { valid: false; reason: InvalidReason };

/**
 * Checks that a request is from IRISX, unchanged and recent, by `X-IRISX-Signature` or by `webhook-signature` (Standard
 * Webhooks); if both are there, both must be valid. Respond with 401 when it is not valid. It does not throw, whatever
 * a stranger sends; only if `secrets` is empty or has an empty secret, it throws TypeError.
 */
export function verifyWebhook(input: VerifyInput): VerifyResult {
  const { rawBody, headers, toleranceSeconds = 300, now = Date.now() } = input;
  const secrets = typeof input.secrets === 'string' ? [input.secrets] : input.secrets;
  if (
    !Array.isArray(secrets) ||
    secrets.length === 0 ||
    secrets.some((secret) => typeof secret !== 'string' || !secret)
  )
    throw new TypeError(
      'secrets must be the secret of the webhook, whsec_…, or several; is an environment variable unset?',
    );
  if (typeof rawBody !== 'string' && !(rawBody instanceof Uint8Array)) return invalid('body_not_raw');

  const header = (name: string) => readHeader(headers, name);
  const messageId = header('webhook-id');
  const schemes = [
    { timestamp: header('x-irisx-timestamp'), given: irisxSignatures(header), expected: irisxSignature },
    {
      timestamp: header('webhook-timestamp'),
      given: messageId === undefined ? [] : (header('webhook-signature') ?? '').split(' ').filter(Boolean),
      expected: (secret: string, timestamp: string, body: Uint8Array | string) =>
        standardSignature(secret, `${messageId}.${timestamp}`, body),
    },
  ].filter(({ given }) => given.length > 0);
  if (schemes.length === 0) return invalid('no_signature');

  for (const { timestamp, given, expected } of schemes) {
    if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return invalid('bad_timestamp');
    if (!(Math.abs(now / 1_000 - Number(timestamp)) <= toleranceSeconds)) return invalid('outside_tolerance');
    const ours = secrets.flatMap((secret: string) => expected(secret, timestamp, rawBody) ?? []);
    if (!given.some((signature) => ours.some((each) => isSame(each, signature)))) return invalid('wrong_signature');
  }
  return { valid: true, messageId: messageId ?? null };
}

const invalid = (reason: InvalidReason): VerifyResult => ({ valid: false, reason });

/** One text; undefined if the header is missing, or was sent more than once. */
function readHeader(headers: ReceivedHeaders, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if (typeof headers['get'] === 'function') return headers.get(name) ?? undefined;
  const found = Object.entries(headers).filter(([each]) => each.toLowerCase() === name);
  const value: unknown = found.length === 1 ? found[0]![1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** For a while after a rotation there are two: the second is made with the previous secret. */
const irisxSignatures = (header: (name: string) => string | undefined): string[] =>
  [header('x-irisx-signature'), header('x-irisx-signature-previous')].filter((value) => value !== undefined);

/** The key is the whole secret, with its prefix. */
const irisxSignature = (secret: string, timestamp: string, body: Uint8Array | string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;

/** The key is what follows the prefix, decoded. Undefined if that is empty, since anyone could sign with it. */
function standardSignature(secret: string, prefix: string, body: Uint8Array | string): string | undefined {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length === 0) return undefined;
  return `v1,${createHmac('sha256', key).update(`${prefix}.`).update(body).digest('base64')}`;
}

/** Compares in constant time. timingSafeEqual throws if the lengths differ. */
function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
