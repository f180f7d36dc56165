/** One field that was wrong: `path` as the caller wrote it (`events.0`), `message` with the value seen and the remedy. */
export interface FieldError {
  path: string;
  message: string;
}

/** The caller's mistake (400). `errors` names every bad field; empty when the input as a whole is wrong. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
  constructor(
    message: string,
    readonly errors: FieldError[] = [],
  ) {
    super(message);
  }
}

/** Not there, or another tenant's: the two are never told apart (404). */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** The state of the thing does not allow what was asked (409). */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** The same event id was triggered before, with another payload (422). */
export class EventMismatchError extends Error {
  override readonly name = 'EventMismatchError';
}
