import { readdirSync, readFileSync } from 'node:fs';
import type { Logger } from '../../../src/log.js';
import { startPostgres, type EmbeddedPostgres } from '../../../src/dev/embedded/postgres.js';
import { signal, startWithRetries, type FaultTarget } from './target.js';

export interface PostgresTarget extends FaultTarget {
  /** A superuser's connection string for the database `irisx`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Postgres as `npm run dev` runs it, durable. Faults hit all of its processes, as when the machine fails. */
export async function openPostgres(dataDir: string, port: number, log: Logger): Promise<PostgresTarget> {
  let isOver = false;
  let running: EmbeddedPostgres = await startPostgres({ dataDir, port, log });
  const { url } = running;
  const children = () => childrenOf(running.pid);
  const kill = async () => {
    // The parent first: it would treat the death of a child as a crash and restart.
    const processes = [running.pid, ...children()];
    for (const pid of processes) signal(pid, 'SIGKILL');
    await running.stop();
  };
  return {
    name: 'postgres',
    url,
    async start() {
      running = await startWithRetries(
        () => startPostgres({ dataDir, port, log }),
        () => isOver,
      );
    },
    kill,
    freeze() {
      signal(running.pid, 'SIGSTOP');
      for (const pid of children()) signal(pid, 'SIGSTOP');
    },
    thaw() {
      for (const pid of children()) signal(pid, 'SIGCONT');
      signal(running.pid, 'SIGCONT');
    },
    terminate: () => running.stop(),
    async stop() {
      isOver = true;
      await kill();
    },
  };
}

/** Each Postgres process has its own session id, so they are found by their parent instead. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it has ended
  }
}
