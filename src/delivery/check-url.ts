import { isIPv4 } from 'node:net';

export interface CheckUrlOptions {
  /** Also lets plain `http://` through. */
  allowHttp: boolean;
}

export type CheckedUrl = { ok: true; url: string } | { ok: false; reason: string };

const maxLength = 2048;

/**
 * The check behind `AddressGuard.checkUrl`. What the parser and a reader could understand differently (userinfo,
 * backslash, control characters) is refused in the text itself. Where the request would go is judged only by the
 * parser's result, since 0x7f.1, 2130706433 and 017700000001 are all 127.0.0.1.
 */
export function checkUrl(text: string, { allowHttp }: CheckUrlOptions, isAllowed: (ip: string) => boolean): CheckedUrl {
  const refuse = (reason: string): CheckedUrl => ({ ok: false, reason });

  if (text.length > maxLength) return refuse(`url has ${text.length} characters; at most ${maxLength} are allowed`);
  const strange = /[\p{Cc}\p{Z}\p{Cs}\\]/u.exec(text);
  if (strange) {
    return refuse(`url has ${nameCharacter(strange[0])} at position ${strange.index + 1}; percent-encode or remove it`);
  }
  const schemes = allowHttp ? 'https:// or http://' : 'https://';
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0].toLowerCase();
  if (scheme !== 'https:' && !(scheme === 'http:' && allowHttp)) {
    return refuse(`url must start with ${schemes}${scheme === undefined ? '' : `, not with "${scheme.slice(0, 40)}"`}`);
  }
  const authority = /^[a-z]+:\/\/([^/?#]+)/i.exec(text)?.[1];
  if (authority === undefined) return refuse(`url must have "//" and a host after "${scheme}"`);
  if (authority.includes('@')) {
    return refuse('url must not contain a user name or password; send credentials in a custom header instead');
  }
  if (text.includes('#')) return refuse('url must not contain a fragment ("#"); it would never be sent, remove it');

  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return refuse(`url has no valid host or port: "${authority.slice(0, 100)}"; correct it`);
  if (url.port === '0') return refuse('url must not have port 0; leave the port out or give a real one');
  if (url.href.length > maxLength) {
    return refuse(`url has ${url.href.length} characters once encoded; at most ${maxLength} are allowed`);
  }
  if (isLocalhost(url.hostname)) {
    if (loopbackAddresses.some(isAllowed)) return { ok: true, url: url.href };
    return refuse(`url must not point to this machine ("${url.hostname}"); use a host on the public internet`);
  }
  const ip = literalAddress(url.hostname);
  if (ip !== undefined && !isAllowed(ip)) {
    return refuse(`url must not point to ${ip}, which is not on the public internet; use a public host`);
  }
  return { ok: true, url: url.href };
}

/** What `localhost` and the names under it mean without any lookup (RFC 6761 §6.3). */
export const loopbackAddresses = ['127.0.0.1', '::1'];

/** `hostname` as the URL parser gives it. */
export const isLocalhost = (hostname: string): boolean => /^(?:.+\.)?localhost\.?$/.test(hostname);

/** The address if the host is one, not a name; `hostname` as the URL parser gives it, with brackets for IPv6. */
export function literalAddress(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return isIPv4(hostname) ? hostname : undefined;
}

function nameCharacter(character: string): string {
  if (character === '\\') return 'a backslash';
  if (character === ' ') return 'a space';
  return `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
