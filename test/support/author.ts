import type { Author } from '../../src/db/audit.js';
import { createLogger } from '../../src/log.js';

/** Whoever makes a change in a test to which that does not matter. */
export const testAuthor: Author = {
  actor: { type: 'system', id: null, name: 'test' },
  log: createLogger({ level: 'fatal', format: 'json' }),
};
