import { createHash } from 'node:crypto';

/** Parsed and planned once per connection, for statements that every delivery needs. One name for each text. */
export interface NamedStatement {
  name: string;
  text: string;
}

const digests = new Map<string, string>();

/**
 * Adds a digest of the text to the name: behind a pooler, another version of this program may have prepared another
 * text under the same name on the same session.
 */
export function prepared({ name, text }: NamedStatement): NamedStatement {
  let digest = digests.get(text);
  if (digest === undefined) digests.set(text, (digest = createHash('sha256').update(text).digest('hex').slice(0, 8)));
  return { name: `${name}_${digest}`, text };
}

/**
 * Why Postgres refused a statement's name, before anything was done:
 * outdated       a migration changed the statement's columns; the name is no longer usable on this session (0A000)
 * foreign        the name is missing or already taken, contrary to what this connection has prepared: behind a pooler
 *                in transaction mode each transaction may get another session of the server (26000, 42P05)
 */
export function whyNameRefused(code: string | undefined): 'outdated' | 'foreign' | undefined {
  if (code === '0A000') return 'outdated';
  return code === '26000' || code === '42P05' ? 'foreign' : undefined;
}
