import { createHmac, timingSafeEqual } from 'node:crypto';

/** As Node has them (`request.headers`), as a plain object of any spelling, or a `Headers` of fetch. */
export type ReceivedHeaders =
  { get(name: string): string | null } | { readonly [name: string]: string | readonly string[] | undefined };

export interface VerifyInput {
  /** The body as it arrived, before anything parsed it: a Buffer, other bytes, or the text. */
  rawBody: Uint8Array | string;
  headers: ReceivedHeaders;
  /** The webhook's secret, whole: `whsec_…`. Several while one replaces another: each of them counts. */
  secrets: string | readonly string[];
  /** How far the timestamp may be off, either way; default 300. */
  toleranceSeconds?: number;
  /** Epoch milliseconds; default the clock. */
  now?: number;
}

/**
 * Why a request is not valid. `body_not_raw`: the body was parsed already, so look at the order of the middleware;
 * `no_signature`: it has neither scheme's headers; `bad_timestamp`: that is no time; `outside_tolerance`: it is too old or
 * from the future; `wrong_signature`: signed with another secret, or changed on its way.
 */
export type InvalidReason = 'body_not_raw' | 'no_signature' | 'bad_timestamp' | 'outside_tolerance' | 'wrong_signature';

export type VerifyResult =
  | {
      valid: true;
      /** The event's id (`webhook-id`), the same on every attempt: handle each once. Null where a proxy took it away. */
      messageId: string | null;
    }
  | { valid: false; reason: InvalidReason };

/**
 * Whether a request is from IRISX, whole and recent: by `X-IRISX-Signature`, by `webhook-signature` (Standard Webhooks), or by
 * both where both are there. Whatever a stranger sends, it does not throw: answer 401 when it is not valid. Throws
 * TypeError only for `secrets` without a secret, with which nothing could ever be valid.
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

/** One text; undefined where the header is missing, or was sent more than once. */
function readHeader(headers: ReceivedHeaders, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if (typeof headers['get'] === 'function') return headers.get(name) ?? undefined;
  const found = Object.entries(headers).filter(([each]) => each.toLowerCase() === name);
  const value: unknown = found.length === 1 ? found[0]![1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** For a while after a rotation there are two: the other one is made with the secret from before. */
const irisxSignatures = (header: (name: string) => string | undefined): string[] =>
  [header('x-irisx-signature'), header('x-irisx-signature-previous')].filter((value) => value !== undefined);

/** The key is the whole secret, with its prefix. */
const irisxSignature = (secret: string, timestamp: string, body: Uint8Array | string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;

/** The key is what follows the prefix, decoded; undefined where that is nothing, since anyone could sign with it. */
function standardSignature(secret: string, prefix: string, body: Uint8Array | string): string | undefined {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length === 0) return undefined;
  return `v1,${createHmac('sha256', key).update(`${prefix}.`).update(body).digest('base64')}`;
}

/** In a time that does not tell how much of it is right. timingSafeEqual throws for another number of bytes. */
function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
