import { z } from 'zod';
import { ConfigError, deepFreeze, parse, present, type Environment } from './environment.js';

/** How log lines look: `json` for machines, `pretty` for a person at a terminal. */
export interface LogConfig {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logVariables = {
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty'], 'must be json or pretty').optional(),
  NODE_ENV: z.string().optional(),
};

/** Only the log's part, for code that has to log before the rest is known. @throws {ConfigError} */
export function loadLogConfig(env: Environment): LogConfig {
  const problems: string[] = [];
  const schema = z.object(logVariables);
  const variables = parse(schema, present(schema, env), problems);
  if (!variables) throw new ConfigError(problems);
  return deepFreeze(logConfig(variables));
}

export function logConfig(variables: {
  LOG_LEVEL: LogLevel;
  LOG_FORMAT?: 'json' | 'pretty';
  NODE_ENV?: string;
}): LogConfig {
  const format = variables.LOG_FORMAT ?? (variables.NODE_ENV === 'production' ? 'json' : 'pretty');
  return { level: variables.LOG_LEVEL, format };
}
