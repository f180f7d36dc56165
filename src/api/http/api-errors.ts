import { NotFoundError } from '../../errors.js';
import { showValue } from '../../events/show-value.js';
import type { Scope } from '../../db/api-keys.js';

// Errors that only HTTP knows. Their status codes, like those of src/errors.ts, are in error-response.ts.

/** No API key or session, or an unknown one. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError';
  constructor(
    message: string,
    /** Whether there was a key: then another one is needed. */
    readonly keyGiven: boolean,
  ) {
    super(message);
  }
}

/** A known API key, or session, that does not allow this call. */
export class ForbiddenError extends Error {
  override readonly name = 'ForbiddenError';
  constructor(
    message: string,
    /** The scope that the call needs. */
    readonly scope: Scope,
  ) {
    super(message);
  }
}

/** A page of another site makes a call with the browser's session. */
export class CrossSiteError extends Error {
  override readonly name = 'CrossSiteError';
}

/** The path exists, but only with other methods. */
export class MethodNotAllowedError extends Error {
  override readonly name = 'MethodNotAllowedError';
  constructor(
    message: string,
    readonly allowed: readonly string[],
  ) {
    super(message);
  }
}

/** The request's body, or the event in it, is larger than allowed. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Too many calls: by one key, from one address, or for one tenant or delivery. */
export class TooManyRequestsError extends Error {
  override readonly name = 'TooManyRequestsError';
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(message);
  }
}

/** What a path can name. */
export type Subject =
  'tenant' | 'API key' | 'portal session' | 'webhook' | 'delivery' | 'recovery' | 'event' | 'message' | 'phone number';

const whereToFind: Record<Subject, string> = {
  tenant: 'GET /v1/tenants lists them',
  'API key': 'the list of API keys has the ids',
  'portal session': 'GET /v1/tenants/:id/portal-sessions lists those of a tenant',
  webhook: "GET /v1/webhooks lists this tenant's",
  delivery: 'GET /v1/webhooks/:id/deliveries lists those of a webhook',
  recovery: 'GET /v1/webhooks/:id/recoveries lists those of a webhook',
  event: "GET /v1/events lists this tenant's",
  message: "GET /v1/messages lists this tenant's",
  'phone number': 'GET /v1/phone-numbers lists the assigned ones',
};

/** Repeats the id; otherwise always the same words, so that another tenant's record looks like one that never existed. */
export const notFound = (subject: Subject, id: string | number): NotFoundError =>
  new NotFoundError(`There is no ${subject} ${showValue(id)}; ${whereToFind[subject]}.`);
