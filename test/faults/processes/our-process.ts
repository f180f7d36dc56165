import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnServer, type ServerProcess } from '../../../src/dev/embedded/server-process.js';
import { runProgram } from '../../support/run-program.js';
import { waitFor } from '../../support/wait-for.js';
import type { ProcessLife, Timeline } from '../timeline.js';
import { signal, type FaultTarget } from './target.js';

export type Program = 'api' | 'worker' | 'service';

export interface OurProcess extends FaultTarget {
  readonly program: Program;
  /** Where its API listens, the same in each of its lives; undefined without an API. */
  readonly url: string | undefined;
  /** The pid of its current life. */
  readonly pid: number;
  end(): Promise<void>;
}

export interface OurProcessOptions {
  name: string;
  program: Program;
  env: Record<string, string>;
  port: number | undefined;
  logFolder: string;
  timeline: Timeline;
  /** Called at each start, as the set of senders has changed. */
  onStart: () => void;
}

const readyWithinMs = 120_000;
/** Like an orchestrator, waits a little before restarting a process that ended by itself. */
const againAfterMs = 1_000;
/** The `stop_grace_period` of docker-compose.yml, as docs/operations.md advises. */
export const drainGraceMs = 40_000;

/** One of our processes, restarted when it ends by itself, as by an orchestrator. Each life has a log of its own. */
export async function openOurProcess(options: OurProcessOptions): Promise<OurProcess> {
  const { name, program, port, logFolder, timeline } = options;
  let isWanted = false;
  let isOver = false;
  let server: ServerProcess | undefined;
  let life: ProcessLife | undefined;
  let lives = 0;

  const logFileOf = (number: number) => path.join(logFolder, `${name}-${number}.log`);

  const spawn = async (): Promise<void> => {
    const number = ++lives;
    const started = await spawnServer({
      command: process.execPath,
      args: runProgram(`server/${program}`),
      env: { ...options.env, ...(port !== undefined && { PORT: String(port) }) },
      logFile: logFileOf(number),
      signalOnOurDeath: 'SIGKILL',
    });
    const launched: ProcessLife = { name, number, pid: started.pid, startedAt: Date.now(), frozen: [] };
    timeline.lives.push(launched);
    server = started;
    life = launched;
    options.onStart();
    void noteReady(launched);
    void started.exited.then(() => {
      launched.endedAt = Date.now();
      if (launched.end !== undefined || isOver) return;
      launched.end = 'itself';
      launched.lastLines = started.lastLines();
      setTimeout(() => void (isWanted && !isOver && spawn()), againAfterMs);
    });
  };

  const noteReady = async (launched: ProcessLife): Promise<void> => {
    while (launched.endedAt === undefined && !isOver) {
      if (await isServing(launched)) return void (launched.readyAt = Date.now());
      await delay(100);
    }
  };
  /** Resolves when any life serves. */
  const ready = (): Promise<unknown> =>
    waitFor(() => isOver || life?.readyAt !== undefined, { what: `${name} to serve`, timeoutMs: readyWithinMs });
  const isServing = async ({ number, endedAt }: ProcessLife): Promise<boolean> => {
    if (endedAt !== undefined) return false;
    if (program !== 'api' && !hasLogged(logFileOf(number), 'worker.ready')) return false;
    return port === undefined || responds(`http://127.0.0.1:${port}/healthz`);
  };
  const kill = async (): Promise<void> => {
    isWanted = false;
    if (life && life.endedAt === undefined) life.end = 'fault';
    await server?.stop('SIGKILL', 0);
  };

  const opened: OurProcess = {
    name,
    program,
    url: port === undefined ? undefined : `http://127.0.0.1:${port}`,
    get pid() {
      return server?.pid ?? 0;
    },
    async start() {
      isWanted = true;
      if (!life || life.endedAt !== undefined) await spawn();
      await ready();
    },
    kill,
    freeze() {
      life!.frozen.push({ from: Date.now() });
      signal(server!.pid, 'SIGSTOP');
    },
    thaw() {
      signal(server!.pid, 'SIGCONT');
      const last = life!.frozen.at(-1);
      if (last) last.to ??= Date.now();
    },
    async terminate() {
      isWanted = false;
      const ending = life;
      if (!ending || ending.endedAt !== undefined) return;
      ending.end = 'drained';
      const beganAt = Date.now();
      // Generous, so that a drain that takes a little too long shows as such and not as a kill.
      await server?.stop('SIGTERM', drainGraceMs + 10_000);
      ending.drainMs = Date.now() - beganAt;
    },
    async end() {
      isOver = true;
      await kill();
    },
  };
  return opened;
}

function hasLogged(file: string, message: string): boolean {
  return existsSync(file) && readFileSync(file, 'utf8').includes(`"msg":"${message}"`);
}

async function responds(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}
