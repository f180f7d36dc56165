import { storableText } from '../../db/database.js';

/**
 * At most `length` UTF-16 units, cut between characters, and safe for Postgres, JSON and urls: without NUL and without
 * lone surrogates, wherever they came from.
 */
export function cutText(text: string, length: number): string {
  const cut = text.length > length ? text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '') : text;
  return storableText(cut).replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
