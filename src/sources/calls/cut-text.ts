import { storableText } from '../../db/database.js';

/**
 * At most so many UTF-16 units, cut between characters, and fit for Postgres, JSON and urls: no NUL, and no half of a
 * surrogate pair, wherever it came from.
 */
export function cutText(text: string, length: number): string {
  const cut = text.length > length ? text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '') : text;
  return storableText(cut).replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
