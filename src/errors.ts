/**
 * One wrong field: `path` as the caller wrote it (`events.0`), `message` with the value seen and the remedy. An empty
 * path: it is about no single field.
 */
export interface FieldError {
  path: string;
  message: string;
}

/** At most this many fields are listed one by one; a caller who sent a thousand wrong ones learns nothing from more. */
export const maxFieldErrors = 20;

/**
 * The first errors, and one more that says how many others there are. `total` counts them all, so the caller need not
 * build a hundred thousand messages to show twenty.
 */
export function capFieldErrors(errors: Iterable<FieldError>, total: number): FieldError[] {
  const shown: FieldError[] = [];
  for (const error of errors) {
    if (shown.length === maxFieldErrors) break;
    shown.push(error);
  }
  const others = total - shown.length;
  if (others > 0) shown.push({ path: '', message: `${others} more ${others === 1 ? 'is' : 'are'} wrong` });
  return shown;
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

/** The body that would be sent is larger than the limit (413). The event is never stored. */
export class PayloadTooLargeError extends InvalidInputError {}

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

/** Something that the person who starts the process can fix; the message says how. No stack is needed. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
