import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { TooManyRequestsError } from './api-errors.js';
import { callerName, type AuthenticateDeps, type Credentials } from './authenticate.js';
import { sessionOfCsrfToken } from './session-cookies.js';

/** For IPv6 that is the network, since one host has all of its addresses. Undefined: unknown. */
export const addressOf = ({ ip }: Request): string | undefined => (ip === undefined ? undefined : ipKeyGenerator(ip));

/** Whether browsers reach us by https; `publicBaseUrl` tells of a proxy that is not trusted to. */
export const isHttps = (request: Request, publicBaseUrl: string | undefined): boolean =>
  request.secure || (publicBaseUrl?.startsWith('https:') ?? false);

/** Who makes a call, and what it is counted by. */
export function credentialsOf(request: Request, publicBaseUrl: string | undefined): Credentials {
  const { authorization, cookie } = request.headers;
  const csrfToken = request.get('X-IRISX-Session');
  return {
    authorization,
    address: addressOf(request),
    isCrossSite: request.get('Sec-Fetch-Site') === 'cross-site',
    ...(csrfToken !== undefined && {
      session: sessionOfCsrfToken(cookie, csrfToken, isHttps(request, publicBaseUrl)) ?? null,
    }),
  };
}

/**
 * Keeps one caller from taking the API for itself: limits its calls per minute, counted in this process by API key or session,
 * or by address for callers without a known one. Triggers with a known key are never refused, since an event could be
 * lost. 0: no limit.
 */
export function callLimit(
  callsPerMinute: number,
  deps: AuthenticateDeps & { publicBaseUrl?: string | undefined },
): RequestHandler {
  if (callsPerMinute === 0) return (_request, _response, next) => next();
  const nameOf = (request: Request) => callerName(deps, credentialsOf(request, deps.publicBaseUrl));
  return rateLimit({
    windowMs: 60_000,
    limit: callsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // A key that has not been looked up yet makes no entry here, since anybody can invent any number of them.
    skip: (request) => nameOf(request) === null || (isTrigger(request) && nameOf(request)!.startsWith('key ')),
    keyGenerator: (request) => nameOf(request) ?? '',
    handler: (request, response, next) => {
      const seconds = Number(response.getHeader('Retry-After') ?? 60);
      const name = nameOf(request) ?? '';
      const who = name.startsWith('key ')
        ? 'This API key'
        : name.startsWith('session ')
          ? 'This session'
          : 'This address, without a known API key,';
      next(
        new TooManyRequestsError(
          `${who} made more than ${callsPerMinute} calls within a minute; try again in ${seconds} seconds.`,
          seconds,
        ),
      );
    },
  });
}

const isTrigger = ({ method, path }: Request) => method === 'POST' && ['/events', '/events/batch'].includes(path);
