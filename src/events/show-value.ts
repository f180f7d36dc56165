const shownLength = 80;

/**
 * A value that a caller sent, as an error message shows it: JSON cut to 80 characters; what JSON has no word for, by its
 * kind. Not for what may be secret: that is what `showKind` is for. Neither throws.
 */
export function showValue(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return 'a Date; give its toISOString()';
  const text = toJson(value);
  if (text === undefined) return showKind(value);
  // A surrogate pair cut in the middle would be no text any more.
  return text.length <= shownLength ? text : `${text.slice(0, shownLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** What kind of value it is, and nothing of what it holds: `a string`, `an array`, `null`. */
export function showKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // A bigint or a cycle: only a caller in process can have one.
  }
}
