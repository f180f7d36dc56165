import path from 'node:path';
import { z } from 'zod';
import { ConfigError, deepFreeze, integer, parse, present, type Environment } from './environment.js';

/** What the embedded stack (development, demo) needs in addition. */
export interface EmbeddedConfig {
  /** Absolute path of the folder that keeps databases, keys and logs. */
  readonly dataDir: string;
  /** Absent: any free port. */
  readonly databasePort?: number;
  readonly temporalPort: number;
  readonly temporalUiPort: number;
}

const embeddedVariables = z.object({
  IRISX_DATA_DIR: z.string().default('.data'),
  POSTGRES_PORT: integer(1, 65535).optional(),
  TEMPORAL_PORT: integer(1, 65535).default(7233),
  TEMPORAL_UI_PORT: integer(1, 65535).default(8233),
});

/**
 * The embedded stack's own configuration. The caller decides which parts start: a part that `DATABASE_URL` or
 * `TEMPORAL_ADDRESS` names does not.
 * @throws {ConfigError} naming every problem at once
 */
export function loadEmbeddedConfig(env: Environment): EmbeddedConfig {
  const problems: string[] = [];
  const variables = parse(embeddedVariables, present(embeddedVariables, env), problems);
  if (!variables) throw new ConfigError(problems);
  return deepFreeze({
    dataDir: path.resolve(variables.IRISX_DATA_DIR),
    ...(variables.POSTGRES_PORT !== undefined && { databasePort: variables.POSTGRES_PORT }),
    temporalPort: variables.TEMPORAL_PORT,
    temporalUiPort: variables.TEMPORAL_UI_PORT,
  });
}
