import { pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogConfig } from './config/log.js';

export type { Logger };

const secretFields = [
  'authorization',
  'secret',
  'key',
  'apiKey',
  'adminKey',
  'encryptionKey',
  'encryptionKeys',
  'password',
  'token',
];

/** Fields of Postgres' errors that quote a row, a statement or its parameters. */
const quotingFields = ['detail', 'hint', 'where', 'internalQuery', 'dataType'];

/** pino's own serializer, without the fields that may quote a tenant's data. */
function describeError(error: unknown): unknown {
  const described: unknown = pino.stdSerializers.err(error as Error);
  if (!(error instanceof Error)) return described;
  return Object.fromEntries(Object.entries(described as object).filter(([field]) => !quotingFields.includes(field)));
}

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
    serializers: { error: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[masked]' },
  };
  // Synchronous in either format, so that the last lines before an exit are not lost.
  const output = destination ?? pino.destination({ fd: 1, sync: true });
  return pino(settings, options.format === 'json' ? output : prettify(output, destination === undefined));
}

/** Not repeated after the message: level and time are shown before it, and the name is left out. */
const ofTheLine = new Set(['level', 'time', 'name']);

/** `[20:14:03] INFO: attempt.finished webhook=2 attempt=3 status=failed`, and an error's stack below it. */
function prettify(output: LogDestination, isTerminal: boolean): LogDestination {
  const pretty = prettyFactory({
    colorize: isTerminal && process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'name,pid,hostname',
    hideObject: true,
    messageFormat: (record, messageKey) => {
      const { [messageKey]: message, error, ...rest } = record;
      const fields = Object.entries(rest).filter(([name]) => !ofTheLine.has(name));
      return [String(message), ...fields.map(asText), stackOf(error)].filter(Boolean).join(' ');
    },
  });
  return { write: (line) => output.write(pretty(line)) };
}

function asText([name, value]: [string, unknown]): string {
  const text = typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
  return `${name}=${text}`;
}

function stackOf(error: unknown): string {
  if (error === undefined) return '';
  const { stack, message } = error as { stack?: string; message?: string };
  const text = stack || message || JSON.stringify(error);
  return `\n${text.replace(/^/gm, '    ')}`;
}
