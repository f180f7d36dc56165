import { createHash, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { SessionKind } from '../../db/browser-sessions.js';

const names: Record<SessionKind, string> = { tenant: 'irisx_portal', operator: 'irisx_console' };
const kinds: readonly SessionKind[] = ['tenant', 'operator'];

/** 256 bits in base64url. Nothing else is looked up. */
export const tokenForm = /^[A-Za-z0-9_-]{43}$/;

/** With https the browser accepts the cookie from this host alone, not from a neighbouring one. */
const nameOf = (kind: SessionKind, isHttps: boolean) => (isHttps ? `__Host-${names[kind]}` : names[kind]);

/** What a page shows to prove which session it belongs to. It reveals nothing about the cookie. */
export const csrfTokenOf = (token: string): string => createHash('sha256').update(`csrf ${token}`).digest('base64url');

/** A session as the browser presents it, before any lookup. */
export interface PresentedSession {
  kind: SessionKind;
  token: string;
}

/** The session in the cookie of that kind; undefined without one. */
export function sessionInCookie(
  cookies: string | undefined,
  kind: SessionKind,
  isHttps: boolean,
): PresentedSession | undefined {
  const token = parseCookie(cookies ?? '')[nameOf(kind, isHttps)];
  return token !== undefined && tokenForm.test(token) ? { kind, token } : undefined;
}

/** The session of one of the cookies that has this CSRF token; undefined: none has it. */
export function sessionOfCsrfToken(
  cookies: string | undefined,
  csrfToken: string,
  isHttps: boolean,
): PresentedSession | undefined {
  if (!tokenForm.test(csrfToken)) return undefined;
  return kinds
    .map((kind) => sessionInCookie(cookies, kind, isHttps))
    .find((session) => session !== undefined && isEqual(csrfTokenOf(session.token), csrfToken));
}

/** Both have the form of a token, and so the same length. */
const isEqual = (a: string, b: string) => timingSafeEqual(Buffer.from(a), Buffer.from(b));

export interface CookieOptions {
  isHttps: boolean;
  /** Whether pages of other sites may show the portal, which then needs the cookie there. */
  isFramed: boolean;
}

/** The `Set-Cookie` header that gives the browser a session; with null, that takes it away. */
export function sessionCookie(
  kind: SessionKind,
  session: { token: string; maxAgeSeconds: number } | null,
  { isHttps, isFramed }: CookieOptions,
): string {
  const isCrossSite = kind === 'tenant' && isFramed && isHttps;
  return stringifySetCookie({
    name: nameOf(kind, isHttps),
    value: session?.token ?? '',
    maxAge: session?.maxAgeSeconds ?? 0,
    path: '/',
    httpOnly: true,
    secure: isHttps,
    partitioned: isCrossSite,
    sameSite: kind === 'operator' ? 'strict' : isCrossSite ? 'none' : 'lax',
  });
}
