import { createHash } from 'node:crypto';

/** Parsed and planned once a connection: for what every delivery needs. One name for each text. */
export interface NamedStatement {
  name: string;
  text: string;
}

const digests = new Map<string, string>();

/**
 * With a digest of the text in its name: behind a pooler the session may be one on which another version of this
 * program has prepared another text under the same name.
 */
export function prepared({ name, text }: NamedStatement): NamedStatement {
  let digest = digests.get(text);
  if (digest === undefined) digests.set(text, (digest = createHash('sha256').update(text).digest('hex').slice(0, 8)));
  return { name: `${name}_${digest}`, text };
}

/**
 * What a name may be refused with, before anything was done:
 * outdated       a migration changed what the statement answers; on this session the name is of no use any more (0A000)
 * foreign        the name is not there, or there already, although this connection knows better: behind a pooler in
 *                transaction mode each transaction may get another session of the server (26000, 42P05)
 */
export function whyNameRefused(code: string | undefined): 'outdated' | 'foreign' | undefined {
  if (code === '0A000') return 'outdated';
  return code === '26000' || code === '42P05' ? 'foreign' : undefined;
}
