import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { TooManyRequestsError } from './api-errors.js';
import { callerName, type AuthenticateDeps, type Credentials } from './authenticate.js';

/** By what a call is counted; of an IPv6 address the network, since one host has all of it. */
export const credentialsOf = ({ headers: { authorization }, ip }: Request): Credentials => ({
  authorization,
  address: ip === undefined ? undefined : ipKeyGenerator(ip),
});

/**
 * Keeps one caller from taking the API for itself: so many calls in a minute, counted in this process by API key, and
 * by address for those who have none that is known. What the platform triggers is never refused, since an event would
 * be lost by it. 0: no limit.
 */
export function callLimit(callsPerMinute: number, deps: AuthenticateDeps): RequestHandler {
  if (callsPerMinute === 0) return (_request, _response, next) => next();
  const nameOf = (request: Request) => callerName(deps, credentialsOf(request));
  return rateLimit({
    windowMs: 60_000,
    limit: callsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // A key that is yet to be looked for makes no entry here: there are as many as anybody likes to invent.
    skip: (request) => nameOf(request) === null || (isTrigger(request) && nameOf(request)!.startsWith('key ')),
    keyGenerator: (request) => nameOf(request) ?? '',
    handler: (request, response, next) => {
      const seconds = Number(response.getHeader('Retry-After') ?? 60);
      const who = nameOf(request)?.startsWith('key ') ? 'This API key' : 'This address, without a known API key,';
      next(
        new TooManyRequestsError(
          `${who} made more than ${callsPerMinute} calls within a minute; go on in ${seconds} seconds.`,
          seconds,
        ),
      );
    },
  });
}

const isTrigger = ({ method, path }: Request) => method === 'POST' && ['/events', '/events/batch'].includes(path);
