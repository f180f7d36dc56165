import { z } from 'zod';
import { ConfigError, databaseUrl, deepFreeze, parse, present, type Environment } from './environment.js';
import { logConfig, logVariables, type LogConfig } from './log.js';

/** What `migrate` needs. It is less than the service needs, so that a schema job holds no other secret. */
export interface MigrateConfig {
  readonly databaseUrl: string;
  readonly log: LogConfig;
}

const migrateVariables = z.object({ DATABASE_URL: databaseUrl, ...logVariables });

/** @throws {ConfigError} naming every problem at once */
export function loadMigrateConfig(env: Environment): MigrateConfig {
  const problems: string[] = [];
  const variables = parse(migrateVariables, present(migrateVariables, env), problems);
  if (!variables) throw new ConfigError(problems);
  return deepFreeze({ databaseUrl: variables.DATABASE_URL, log: logConfig(variables) });
}
