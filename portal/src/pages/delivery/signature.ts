/** What an attempt's headers tell of its signatures; of these only the beginnings are kept. */
export interface SignatureHeaders {
  timestamp: string;
  id: string;
  /** `sha256=f54b51e7…`; null: not kept. */
  irisx: string | null;
  previous: string | null;
  /** One, or two with a space between them. */
  standard: string | null;
}

/** Null: the headers are hidden, or hold no signature. */
export function signatureHeaders(headers: Record<string, string> | null): SignatureHeaders | null {
  if (headers === null) return null;
  const byName = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const timestamp = byName['x-irisx-timestamp'];
  const id = byName['webhook-id'];
  if (timestamp === undefined || id === undefined) return null;
  return {
    timestamp,
    id,
    irisx: byName['x-irisx-signature'] ?? null,
    previous: byName['x-irisx-signature-previous'] ?? null,
    standard: byName['webhook-signature'] ?? null,
  };
}

/** What `X-IRISX-Signature` is made over, and what `webhook-signature` is. */
export const signedTexts = ({ timestamp, id }: Pick<SignatureHeaders, 'timestamp' | 'id'>, body: string) => ({
  irisx: `${timestamp}.${body}`,
  standard: `${id}.${timestamp}.${body}`,
});

export interface Signatures {
  irisx: string;
  /** Null: what follows `whsec_` is not base64. */
  standard: string | null;
}

/** Both signatures of a body, computed in the browser. */
export async function sign(
  secret: string,
  headers: Pick<SignatureHeaders, 'timestamp' | 'id'>,
  body: string,
): Promise<Signatures> {
  const texts = signedTexts(headers, body);
  const encoder = new TextEncoder();
  const hex = [...(await hmac(encoder.encode(secret), texts.irisx))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  const key = fromBase64(secret.replace(/^whsec_/, ''));
  const digest = key && (await hmac(key, texts.standard));
  return { irisx: `sha256=${hex}`, standard: digest && `v1,${btoa(String.fromCharCode(...digest))}` };
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text)));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return bytes.length === 0 ? null : bytes;
  } catch {
    return null;
  }
}

export type Verdict = 'current' | 'previous' | 'other' | 'unknown';

/** Whether the log's beginnings of signatures are those of the secret that made this one. */
export function judge(computed: string, { irisx, previous }: SignatureHeaders): Verdict {
  const isOf = (logged: string | null) => logged !== null && computed.startsWith(logged.replace(/…$/, ''));
  if (irisx === null || irisx === '[masked]') return 'unknown';
  if (isOf(irisx)) return 'current';
  return isOf(previous) ? 'previous' : 'other';
}
