import type { NextFunction, Request, Response } from 'express';
import { DatabaseUnavailableError, sqlStateOf } from '../../db/database.js';
import {
  capFieldErrors,
  ConflictError,
  EventMismatchError,
  InvalidInputError,
  maxFieldErrors,
  NotFoundError,
  type FieldError,
} from '../../errors.js';
import { cutText } from '../../events/show-value.js';
import type { Logger } from '../../log.js';
import {
  CrossSiteError,
  ForbiddenError,
  MethodNotAllowedError,
  TooLargeError,
  TooManyRequestsError,
  UnauthenticatedError,
} from './api-errors.js';
import { loggablePath } from './request-log.js';
import type { Problem } from './schemas.js';

/** Status code and title of each kind of problem; its name here ends the problem's `type`. */
export const problemKinds = {
  'invalid-input': [400, 'Invalid input'],
  unauthenticated: [401, 'API key or session missing or unknown'],
  forbidden: [403, 'Not allowed'],
  'not-found': [404, 'Not found'],
  'method-not-allowed': [405, 'Method not allowed'],
  conflict: [409, 'Conflict'],
  'too-large': [413, 'Too large'],
  'event-mismatch': [422, 'Same event, different payload'],
  'too-many-requests': [429, 'Too many requests'],
  internal: [500, 'Internal error'],
  unavailable: [503, 'Temporarily unavailable'],
} as const;

export type ProblemKind = keyof typeof problemKinds;

interface ProblemResponse {
  kind: ProblemKind;
  detail: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
}

const retryAfterSeconds = 5;
/** The longest detail, and the longest message of a field. */
const maxTextLength = 1_000;

/** A value passed our checks, but Postgres cannot store it: still the caller's mistake, not ours. */
const unstorable = new Set(['22P02', '22P05', '22003', '22007', '22008', '22021']);
/** Serialization failure or deadlock: the transaction was rolled back, and the same call works when sent again. */
const rolledBack = new Set(['40001', '40P01']);

/** The one place where an error becomes a status code. */
function toProblem(error: unknown): ProblemResponse {
  if (error instanceof InvalidInputError) return { kind: 'invalid-input', detail: error.message, errors: error.errors };
  if (error instanceof UnauthenticatedError) {
    const challenge = error.keyGiven ? 'Bearer error="invalid_token"' : 'Bearer';
    return { kind: 'unauthenticated', detail: error.message, headers: { 'WWW-Authenticate': challenge } };
  }
  if (error instanceof ForbiddenError) {
    const challenge = `Bearer error="insufficient_scope", scope="${error.scope}"`;
    return { kind: 'forbidden', detail: error.message, headers: { 'WWW-Authenticate': challenge } };
  }
  if (error instanceof CrossSiteError) return { kind: 'forbidden', detail: error.message };
  if (error instanceof NotFoundError) return { kind: 'not-found', detail: error.message };
  if (error instanceof MethodNotAllowedError) {
    return { kind: 'method-not-allowed', detail: error.message, headers: { Allow: error.allowed.join(', ') } };
  }
  if (error instanceof ConflictError) return { kind: 'conflict', detail: error.message };
  if (error instanceof TooLargeError) return { kind: 'too-large', detail: error.message };
  if (error instanceof EventMismatchError) return { kind: 'event-mismatch', detail: error.message };
  if (error instanceof TooManyRequestsError) {
    const headers = { 'Retry-After': String(error.retryAfterSeconds) };
    return { kind: 'too-many-requests', detail: error.message, headers };
  }
  // Express could not decode a part of the path, as in /v1/webhooks/%ff: nothing has such a name.
  if (error instanceof URIError) {
    return { kind: 'not-found', detail: 'There is nothing here: the path is not valid percent-encoded UTF-8.' };
  }
  if (error instanceof DatabaseUnavailableError || rolledBack.has(sqlStateOf(error) ?? '')) {
    const detail = `The service cannot take this call at the moment; send it again in ${retryAfterSeconds} seconds.`;
    return { kind: 'unavailable', detail, headers: { 'Retry-After': String(retryAfterSeconds) } };
  }
  if (unstorable.has(sqlStateOf(error) ?? '')) {
    return {
      kind: 'invalid-input',
      detail: 'A value cannot be stored; check numbers, times and characters.',
    };
  }
  return {
    kind: 'internal',
    detail: 'Something went wrong here; it was logged. Quote the X-Request-Id of this response to support.',
  };
}

/** Express' last handler: answers every error with a problem document (RFC 9457), and logs what is ours to fix. */
export function errorResponse(log: Logger) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    logProblem(log, error, {
      request: response.locals['requestId'] as unknown,
      method: request.method,
      path: loggablePath(request.path),
    });
    // A response that has begun cannot be taken back; Express cuts the connection, so that the caller notices.
    if (response.headersSent) return next(error);
    const { headers, body } = problemOf(error);
    response.status(body.status).set({ ...headers, 'Content-Type': 'application/problem+json' });
    response.end(JSON.stringify(body));
  };
}

/** Logs what is ours to fix; `context` says where it happened. */
export function logProblem(log: Logger, error: unknown, context: object): void {
  const { kind } = toProblem(error);
  if (kind === 'internal') log.error({ ...context, error: loggable(error) }, 'request.failed');
  else if (kind === 'unavailable') log.warn({ ...context, reason: reasonOf(error) }, 'request.refused');
  else if (sqlStateOf(error)) log.warn({ ...context, error: loggable(error) }, 'request.rejected_by_database');
}

/** The problem document that answers an error, with its status, and the headers that go with it. */
export function problemOf(error: unknown): { headers: Record<string, string>; body: Problem } {
  const { kind, detail, errors, headers = {} } = toProblem(error);
  const [status, title] = problemKinds[kind];
  const reported = capped(errors ?? []);
  const fields = reported.filter(({ path }) => path !== '');
  // What is about no single field belongs to the detail: a program looks for the path in a form.
  const general = reported.filter(({ path }) => path === '').map(({ message }) => ` ${message}.`);
  const body: Problem = {
    type: `urn:irisx:problem:${kind}`,
    title,
    status,
    detail: cutText(detail, maxTextLength) + general.join(''),
  };
  if (fields.length > 0) body.errors = fields;
  return { headers, body };
}

/** Keeps the response short, however many errors there are and whatever they quote. */
function capped(errors: FieldError[]): FieldError[] {
  // The one beyond the maximum may be the one that counts the rest.
  const reported = errors.length <= maxFieldErrors + 1 ? errors : capFieldErrors(errors, errors.length);
  return reported.map(({ path, message }) => ({
    path: cutText(path, maxTextLength),
    message: cutText(message, maxTextLength),
  }));
}

/** A Postgres error quotes the row in some of its fields; only the others are logged. */
function loggable(error: unknown): unknown {
  const code = sqlStateOf(error);
  if (code === undefined || !(error instanceof Error)) return error;
  const { table, constraint, routine } = error as { table?: string; constraint?: string; routine?: string };
  return { type: error.name, message: error.message, code, table, constraint, routine, stack: error.stack };
}

/** The error code of Postgres or of the network, which tells an operator where to look. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause = error.cause instanceof Error ? error.cause : error;
  const { code } = cause as NodeJS.ErrnoException;
  return code ?? cause.message;
}
