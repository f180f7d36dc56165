const shownLength = 80;
const pathLength = 200;

/**
 * A value that a caller sent, as an error message shows it: JSON cut to 80 characters, or the kind of a value that JSON
 * cannot hold. Use `showKind` for values that may be secret. Neither throws.
 */
export function showValue(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return 'a Date; give its toISOString()';
  // Only the shown part of a long text is rendered. Any other value is rendered as a whole, but only once.
  const text = toJson(typeof value === 'string' ? value.slice(0, shownLength + 1) : value);
  return text === undefined ? showKind(value) : cutText(text, shownLength);
}

/** Where a field is, `headers.X-Team`, cut to 200 characters: a caller's names in it may be as long as the body. */
export function showPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const [index, key] of path.entries()) {
    text += index === 0 ? String(key) : `.${String(key)}`;
    if (text.length > pathLength) break;
  }
  return cutText(text, pathLength);
}

/**
 * At most `length` characters, the last of them `…` if something is left out. Does not cut a surrogate pair in the
 * middle: half a pair is not valid text.
 */
export const cutText = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** The kind of a value, without its content: `text`, `a list`, `null`. */
export function showKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // A bigint or a cycle: only a caller in this process can pass one.
  }
}
