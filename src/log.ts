import { pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogConfig } from './config.js';

export type { Logger };

const secretFields = ['authorization', 'secret', 'key', 'apiKey', 'adminKey', 'encryptionKey', 'password', 'token'];

/** Where lines go; a test collects them. */
export interface LogDestination {
  write(line: string): void;
}

/**
 * One line per record on standard output. Fields that look like secrets are masked, at the top and one level down;
 * that is a safety net, not a licence to log them. Errors go under `error`, as the Temporal SDK does it.
 */
export function createLogger(options: LogConfig & { name?: string }, destination?: LogDestination): Logger {
  const settings = {
    level: options.level,
    base: options.name ? { name: options.name } : {},
    errorKey: 'error',
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[masked]' },
  };
  // Synchronous in either format, so that the last lines before an exit are not lost.
  const output = destination ?? pino.destination({ fd: 1, sync: true });
  return pino(settings, options.format === 'json' ? output : prettify(output, destination === undefined));
}

function prettify(output: LogDestination, isTerminal: boolean): LogDestination {
  const pretty = prettyFactory({
    colorize: isTerminal && process.stdout.isTTY,
    ignore: 'name,pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
    errorLikeObjectKeys: ['error'],
  });
  return { write: (line) => output.write(pretty(line)) };
}
