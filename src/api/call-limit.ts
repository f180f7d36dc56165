import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { TooManyRequestsError } from './api-errors.js';

/**
 * Keeps one API key from taking the API for itself: so many calls in a minute, counted in this process. What the
 * platform triggers is never refused, since an event would be lost by it. 0: no limit.
 */
export function callLimit(callsPerMinute: number): RequestHandler {
  if (callsPerMinute === 0) return (_request, _response, next) => next();
  return rateLimit({
    windowMs: 60_000,
    limit: callsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    skip: (request) => request.method === 'POST' && request.path === '/events',
    // By key without looking it up; who sends none is counted by address.
    keyGenerator: (request) => {
      const { authorization } = request.headers;
      return authorization
        ? createHash('sha256').update(authorization).digest('base64')
        : ipKeyGenerator(request.ip ?? '');
    },
    handler: (_request, response, next) => {
      const seconds = Number(response.getHeader('Retry-After') ?? 60);
      next(
        new TooManyRequestsError(
          `This API key made more than ${callsPerMinute} calls within a minute; go on in ${seconds} seconds.`,
          seconds,
        ),
      );
    },
  });
}
