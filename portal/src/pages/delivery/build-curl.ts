import { signatureHeaders } from './signature.js';

interface CurlInput {
  /** Null: the webhook is not there any more. */
  url: string | null;
  body: string;
  /** As the attempt sent them, secrets masked. */
  headers: Record<string, string>;
}

const computed = new Set([
  'x-irisx-timestamp',
  'x-irisx-signature',
  'x-irisx-signature-previous',
  'webhook-timestamp',
  'webhook-signature',
]);

/** A POSIX shell's word. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A script for a terminal that sends the same body and headers once more. Receivers refuse an old timestamp, so it signs
 * anew, with the secret that its reader fills in. The body goes by standard input: an argument may be too long.
 */
export function buildCurl({ url, body, headers }: CurlInput): string {
  const id = signatureHeaders(headers)?.id ?? '';
  const same = Object.entries(headers).filter(([name]) => !computed.has(name.toLowerCase()));
  return [
    `SECRET='whsec_…' # the webhook's signing secret`,
    `BODY=${quote(body)}`,
    'NOW=$(date +%s)',
    `SIGNATURE=$(printf '%s' "$NOW.$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/.* //')`,
    `KEY=$(printf '%s' "\${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')`,
    `STANDARD=$(printf '%s' ${quote(id)}".$NOW.$BODY" | openssl dgst -sha256 -mac HMAC -macopt hexkey:"$KEY" -binary | openssl base64 -A)`,
    '',
    `printf '%s' "$BODY" | curl -i ${quote(url ?? 'https://your-receiver.example/')} \\`,
    ...same.map(([name, value]) => `  -H ${quote(`${name}: ${value}`)} \\`),
    `  -H "X-IRISX-Timestamp: $NOW" -H "X-IRISX-Signature: sha256=$SIGNATURE" \\`,
    `  -H "webhook-timestamp: $NOW" -H "webhook-signature: v1,$STANDARD" \\`,
    '  --data-binary @-',
    '',
  ].join('\n');
}

/** Names of headers whose values are not shown; the reader fills them in. */
export const maskedHeaders = (headers: Record<string, string>): string[] =>
  Object.entries(headers)
    .filter(([name, value]) => value === '[masked]' && !computed.has(name.toLowerCase()))
    .map(([name]) => name);

/** The log masks every header whose name ends in `-Key`; of this one the delivery has the value. */
export function withOrderingKey(headers: Record<string, string>, key: string | null): Record<string, string> {
  if (key === null) return headers;
  const sent = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    name === 'X-IRISX-Ordering-Key' && value === '[masked]' ? encodeHeader(key) : value,
  ]);
  return Object.fromEntries(sent);
}

/** As the service encodes ids in headers: UTF-8, with what is not visible ASCII, and the percent sign, as `%XX`. */
const encodeHeader = (text: string): string => text.replace(/[^!-$&-~]+/gu, encodeURIComponent);
