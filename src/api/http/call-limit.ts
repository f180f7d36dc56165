import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { TooManyRequestsError } from './api-errors.js';
import { callerName, type AuthenticateDeps, type Credentials } from './authenticate.js';

/** What a call is counted by. For IPv6 that is the network, since one host has all of its addresses. */
export const credentialsOf = ({ headers: { authorization }, ip }: Request): Credentials => ({
  authorization,
  address: ip === undefined ? undefined : ipKeyGenerator(ip),
});

/**
 * Keeps one caller from taking the API for itself: limits its calls per minute, counted in this process by API key, or
 * by address for callers without a known key. Triggers with a known key are never refused, since an event could be
 * lost. 0: no limit.
 */
export function callLimit(callsPerMinute: number, deps: AuthenticateDeps): RequestHandler {
  if (callsPerMinute === 0) return (_request, _response, next) => next();
  const nameOf = (request: Request) => callerName(deps, credentialsOf(request));
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
      const who = nameOf(request)?.startsWith('key ') ? 'This API key' : 'This address, without a known API key,';
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
