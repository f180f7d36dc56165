import type { Request, RequestHandler, Response } from 'express';
import { audit } from '../db/audit.js';
import { findSessionByHash } from '../db/browser-sessions.js';
import { findPortalLink, usePortalLink, type PortalLink } from '../db/portal-links.js';
import { cookieOptions } from './browser-sessions.js';
import { createToken, sessionTokenHash } from './http/authenticate.js';
import { addressOf, isHttps } from './http/call-limit.js';
import type { AppDeps } from './http/endpoint.js';
import type { KeyMemory } from './http/key-memory.js';
import { sendPlainPage, type PlainPage } from './http/plain-page.js';
import { sessionCookie, sessionInCookie, tokenForm } from './http/session-cookies.js';
import { auditedSession } from './portal-links.js';

type Deps = AppDeps & { keys: KeyMemory };

/**
 * Opens a link: uses it up, gives the browser its session and sends it to the portal. A browser that has that session
 * already is just sent there. `frameAncestors` is the value of that directive.
 */
export function portalEntrance(deps: Deps, frameAncestors: string): RequestHandler {
  return async (request, response) => {
    response.set({
      'Cache-Control': 'no-store',
      // Of the redirect as well: some browsers check it in an iframe.
      'Content-Security-Policy': `default-src 'none'; frame-ancestors ${frameAncestors}`,
    });
    // A preview must not use the link up. Browsers drop an answer like this, and ask again when the person comes.
    if (isPrefetch(request)) return void response.status(503).end();
    if (request.method === 'HEAD') return void response.end();
    const { token } = request.query;
    const link = typeof token === 'string' && tokenForm.test(token) ? await find(deps, request, token) : null;
    if (!link) return sendPlainPage(response, frameAncestors, unknown);
    if (link.sessionId !== null && (await hasSession(deps, request, link.sessionId))) return toPortal(response);
    if (!(await begin(deps, request, response, link)))
      return sendPlainPage(response, frameAncestors, link.isExpired && link.sessionId === null ? expired : used);
    toPortal(response);
  };
}

const isPrefetch = (request: Request) =>
  [request.get('Sec-Purpose'), request.get('Purpose'), request.get('X-Moz')].some((value) =>
    value?.toLowerCase().includes('prefetch'),
  );

const find = ({ db, keys }: Deps, request: Request, token: string): Promise<PortalLink | null> => {
  const tokenHash = sessionTokenHash(token);
  return keys.lookUp(tokenHash.toString('base64'), addressOf(request), () => findPortalLink(db, tokenHash));
};

async function hasSession({ db, publicBaseUrl }: Deps, request: Request, sessionId: string): Promise<boolean> {
  const presented = sessionInCookie(request.headers.cookie, 'tenant', isHttps(request, publicBaseUrl));
  if (!presented) return false;
  const session = await findSessionByHash(db, 'tenant', [sessionTokenHash(presented.token)]);
  return session?.id === sessionId;
}

/** False: the link is used or expired, or was deleted meanwhile. */
async function begin(deps: Deps, request: Request, response: Response, link: PortalLink): Promise<boolean> {
  const token = createToken();
  const begun = await deps.db.transaction(async (db) => {
    const begun = await usePortalLink(db, link, sessionTokenHash(token));
    if (!begun) return false;
    const { sessionId, expiresAt } = begun;
    const actor = { type: 'portal', id: sessionId, name: link.name } as const;
    const author = { actor, log: deps.log, request: String(response.locals['requestId']) };
    const after = auditedSession({ ...link, expiresAt });
    const { tenantId } = link;
    await audit(db, author, { action: 'portal_session.started', subjectId: sessionId, tenantId, after });
    return true;
  });
  if (!begun) return false;
  const options = cookieOptions({ isHttps: isHttps(request, deps.publicBaseUrl) }, deps);
  response.append('Set-Cookie', sessionCookie('tenant', { token, maxAgeSeconds: link.sessionSeconds }, options));
  return true;
}

const toPortal = (response: Response) => response.redirect(303, '/portal/');

const askAgain =
  'Go back to the application that sent you here, and open the portal from there again: it makes a new link.';

const unknown: PlainPage = {
  status: 404,
  title: 'This link is not known',
  paragraphs: ['It is incomplete, or it was withdrawn.', askAgain],
};
const used: PlainPage = {
  status: 410,
  title: 'This link was used already',
  paragraphs: ['A link into the portal works once, in the browser that opens it first.', askAgain],
};
const expired: PlainPage = {
  status: 410,
  title: 'This link has expired',
  paragraphs: ['A link into the portal works for a short time only.', askAgain],
};
