import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from '../../log.js';

/** A caller's own id is used if it is one short word, so that it fits into any log. */
const requestIdForm = /^[\w.:@=+/-]{1,128}$/;

/** The path as it may be logged: not too long, and without a phone number. */
export const loggablePath = (path: string): string =>
  path.replace(/(?<=\/phone-numbers\/)(\+|%2B)?\d{3,}(?=\/|$)/i, '…').slice(0, 200);

/**
 * Gives every request an id, returned as `X-Request-Id`, and logs one line for it: at debug, or at info when it was
 * refused or failed. Query strings, bodies, headers, and phone numbers in paths are not logged.
 */
export function requestLog(log: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const startedAt = performance.now();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && requestIdForm.test(given) ? given : randomUUID();
    const { path, method } = request;
    response.locals['requestId'] = requestId;
    response.setHeader('X-Request-Id', requestId);
    // Node counts a response as finished even when its connection is cut before it is read.
    let isFinished = false;
    response.once('finish', () => (isFinished = !request.socket.destroyed));
    response.once('close', () => {
      log[response.statusCode < 400 ? 'debug' : 'info'](
        {
          request: requestId,
          method,
          path: loggablePath(path),
          status: response.statusCode,
          durationMs: Math.round(performance.now() - startedAt),
          ...(response.locals['tenant'] !== undefined && { tenant: response.locals['tenant'] as unknown }),
          ...(!isFinished && { aborted: true }),
        },
        'request.finished',
      );
    });
    next();
  };
}
