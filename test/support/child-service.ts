import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Config } from '../../src/config/service.js';
import { runProgram } from './run-program.js';
import { waitFor } from './wait-for.js';

/** One JSON line of a process' log. */
export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** `performance.now()` when it was noticed. */
  atMs: number;
}

export interface ChildService {
  readonly pid: number;
  /** Where its API listens; undefined without one. */
  readonly url: string | undefined;
  readonly lines: readonly LogLine[];
  readonly exited: Promise<ChildExit>;
  hasExited(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with its first log line with that message; default timeout 30 s. */
  waitForLine(msg: string, timeoutMs?: number): Promise<LogLine>;
  /** SIGKILL if it still runs; resolves when it has exited. Harmless to repeat. */
  end(): Promise<void>;
}

export interface ChildOptions {
  /** Overrides the configuration. */
  env?: Record<string, string>;
  /** How far its clock is ahead of all others; negative: behind. */
  clockShiftMs?: number;
  /** Default true: resolves when the worker polls and the API listens. False: as soon as the process runs. */
  waitUntilReady?: boolean;
}

const startDeadlineMs = 40_000;

/** A real process on a stack's database and task queue, so that it can be killed. */
export async function startChildService(
  name: 'service' | 'worker' | 'api',
  config: Config,
  { env, clockShiftMs, waitUntilReady = true }: ChildOptions = {},
): Promise<ChildService> {
  const shifted = clockShiftMs === undefined ? [] : ['--import', new URL('./shifted-clock.mjs', import.meta.url).href];
  const child = spawn(process.execPath, [...shifted, ...runProgram(`server/${name}`)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ...environmentOf(config),
      CLOCK_SHIFT_MS: String(clockShiftMs ?? 0),
      ...env,
    },
  });
  const lines: LogLine[] = [];
  const words: string[] = [];
  createInterface(child.stdout).on('line', (text) => {
    if (process.env['TEST_LOG_LEVEL']) console.log(`${name} ${child.pid}: ${text}`);
    try {
      lines.push(JSON.parse(text) as LogLine);
    } catch {
      words.push(text);
    }
  });
  createInterface(child.stderr).on('line', (text) => words.push(text));

  let exit: ChildExit | undefined;
  const exited = new Promise<ChildExit>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve((exit = { code, signal, atMs: performance.now() })));
    child.once('error', reject);
  });
  const waitForLine = (msg: string, timeoutMs = 30_000): Promise<LogLine> =>
    waitFor(
      () => {
        const line = lines.find((each) => each.msg === msg);
        if (!line && exit) throw new Error(`${name} ended (${exit.signal ?? exit.code}) before ${msg}. ${ending()}`);
        return line;
      },
      { what: `${msg} in the log of ${name}`, timeoutMs },
    );
  const ending = () => [...lines.slice(-5).map((line) => JSON.stringify(line)), ...words.slice(-20)].join('\n');

  let url: string | undefined;
  const service: ChildService = {
    pid: child.pid!,
    get url() {
      return url;
    },
    lines,
    exited,
    hasExited: () => exit !== undefined,
    kill: (signal) => void child.kill(signal),
    waitForLine,
    async end() {
      if (!exit) child.kill('SIGKILL');
      await exited;
    },
  };
  if (!waitUntilReady) return service;
  try {
    if (name !== 'worker') url = (await waitForLine('api.listening', startDeadlineMs))['url'] as string;
    if (name !== 'api') await waitForLine('worker.ready', startDeadlineMs);
  } catch (error) {
    await service.end();
    throw error;
  }
  return service;
}

/** The environment from which `loadConfig` reads this configuration. */
function environmentOf(config: Config): Record<string, string> {
  return {
    DATABASE_URL: config.databaseUrl,
    DATABASE_POOL_SIZE: String(config.databasePoolSize),
    DATABASE_PREPARED_STATEMENTS: String(config.databasePreparedStatements),
    TEMPORAL_ADDRESS: config.temporal.address,
    TEMPORAL_NAMESPACE: config.temporal.namespace,
    TEMPORAL_TASK_QUEUE: config.temporal.taskQueue,
    HOST: config.api.host,
    PORT: '0',
    ...(config.adminKey && { IRISX_ADMIN_KEY: config.adminKey }),
    IRISX_ENCRYPTION_KEYS: config.encryptionKeys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(','),
    WEBHOOK_ALLOWED_NETWORKS: config.allowedNetworks.join(','),
    WEBHOOK_ALLOW_HTTP: String(config.allowHttp),
    WEBHOOK_VERIFICATION: config.requireVerification ? 'required' : 'off',
    WEBHOOK_MAX_RETRY_AFTER_SECONDS: String(config.maxRetryAfterMs / 1_000),
    RETENTION_DAYS: String(config.retention.deliveries),
    AUDIT_RETENTION_DAYS: String(config.auditRetentionDays),
    STATISTICS_RETENTION_DAYS: String(config.statisticsRetentionDays),
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
  };
}
