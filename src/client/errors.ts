import type { Refusal } from '../source/errors.js';

export type { Refusal } from '../source/errors.js';

/** A call failed. The message says what was wrong, and what to do. */
export class ApiError extends Error implements Refusal {
  override readonly name = 'ApiError';
  readonly status: number | null;
  readonly type: string | null;
  readonly errors: Refusal['errors'];
  readonly requestId: string | null;
  constructor({ detail, status, type, errors, requestId }: Refusal & { detail: string }, options?: ErrorOptions) {
    super(detail, options);
    this.status = status;
    this.type = type;
    this.errors = errors;
    this.requestId = requestId;
  }
}

/** There was no response, or not the API's. */
export const noAnswer = (detail: string, cause?: unknown): ApiError =>
  new ApiError(
    { detail, status: null, type: null, errors: [], requestId: null },
    cause === undefined ? undefined : { cause },
  );
