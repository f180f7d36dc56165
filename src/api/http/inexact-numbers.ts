import { InvalidInputError, maxFieldErrors } from '../../errors.js';
import type { InexactNumber } from '../../events/json-text.js';
import { showPath } from '../../events/show-value.js';

const remedies = { payload: 'send it as text', filter: 'no event has such a number' };

/** A double would turn them into other numbers, and nobody would know. Throws InvalidInputError for those in `field`. */
export function refuseInexact(numbers: readonly InexactNumber[], field: keyof typeof remedies): void {
  const errors = numbers
    .filter(({ path }) => path[0] === field)
    .map(({ path, text }) => ({
      path: showPath(path),
      message: `${text.slice(0, 40)} cannot be carried exactly as a JSON number (RFC 8259 §6); ${remedies[field]}`,
    }));
  // Not all of them were looked for.
  if (errors.length > maxFieldErrors)
    errors.splice(maxFieldErrors, errors.length, { path: '', message: 'There are more' });
  if (errors.length > 0) throw new InvalidInputError(`The ${field} has numbers that would change in transit.`, errors);
}
