const shownLength = 80;
const pathLength = 200;

/**
 * A value that a caller sent, as an error message shows it: JSON cut to 80 characters; what JSON has no word for, by its
 * kind. Not for what may be secret: that is what `showKind` is for. Neither throws.
 */
export function showValue(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return 'a Date; give its toISOString()';
  // Of a long text no more is rendered than is shown; the rest of a value is as long as the caller made it, and rendered once.
  const text = toJson(typeof value === 'string' ? value.slice(0, shownLength + 1) : value);
  return text === undefined ? showKind(value) : cutText(text, shownLength);
}

/** Where a field is, `headers.X-Team`, cut to 200 characters: the names in it may be a caller's, and as long as the body. */
export function showPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const [index, key] of path.entries()) {
    text += index === 0 ? String(key) : `.${String(key)}`;
    if (text.length > pathLength) break;
  }
  return cutText(text, pathLength);
}

/** At most `length` characters, the last of them `…` where something is left out. A surrogate pair cut in the middle would be no text any more. */
export const cutText = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

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
