import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { StartError } from '../../errors.js';
import type { Logger } from '../../log.js';

/** The non-root user that a server runs as when we are root. */
export interface ServerUser {
  uid: number;
  gid: number;
  /** Let it walk through folders that only root may enter (a clone below /root, for example). */
  mayEnterAnyFolder: boolean;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with a description of how. */
  readonly exited: Promise<string>;
  hasExited: () => boolean;
  /** The end of its log, for error messages. */
  lastLines: () => string;
  /** Sends the signal, and SIGKILL when the process has not ended by then. Harmless to call twice. */
  stop: (signal: NodeJS.Signals, timeoutMs: number) => Promise<void>;
}

export interface SpawnOptions {
  command: string;
  args: readonly string[];
  env: Record<string, string>;
  /** Receives what the server prints. The log of the previous run is kept beside it. */
  logFile: string;
  /** Sent to the server by the kernel when we die without having stopped it (Linux only). */
  signalOnOurDeath: NodeJS.Signals;
  user?: ServerUser;
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C in a terminal reaches us alone: we drain first and stop
 * the server last.
 */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  keepLastLog(options.logFile);
  const logFd = openSync(options.logFile, 'a', 0o600);
  const [command, ...args] = [...launcher(options), options.command, ...options.args];
  const child = spawn(command!, args, {
    ...runAs(options.user),
    cwd: '/',
    env: options.env,
    detached: true,
    stdio: ['ignore', logFd, logFd],
  });
  closeSync(logFd);

  let ended: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve((ended = signal ? `killed by ${signal}` : `exit code ${code}`)));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new StartError(`${options.command} does not run: ${cause.message}`)));
  });

  return {
    pid: child.pid!,
    exited,
    hasExited: () => ended !== undefined,
    lastLines: () => readFileSync(options.logFile, 'utf8').trim().split('\n').slice(-15).join('\n'),
    async stop(signal, timeoutMs) {
      if (ended !== undefined) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Node's spawn options for the user, unless a launcher changes the user. */
export function runAs(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user && !user.mayEnterAnyFolder ? { uid: user.uid, gid: user.gid } : {};
}

/** The command prefix that drops all of root's rights but one. */
export function dropRights(user: ServerUser): string[] {
  // prettier-ignore
  return ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups',
    '--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override'];
}

function launcher({ signalOnOurDeath, user }: SpawnOptions): string[] {
  const drop = user?.mayEnterAnyFolder ? dropRights(user) : [];
  if (!canBindLifeToOurs()) return drop.length > 0 ? [...drop, '--'] : [];
  return [...(drop.length > 0 ? drop : ['setpriv']), '--pdeathsig', signalOnOurDeath, '--'];
}

let setprivWorks: boolean | undefined;

/** Without util-linux a server outlives a killed parent; `stopLeftover` then stops it at the next start. */
function canBindLifeToOurs(): boolean {
  setprivWorks ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'keep', '--', 'true']).status === 0;
  return setprivWorks;
}

function keepLastLog(logFile: string): void {
  try {
    if (statSync(logFile).size > 0) renameSync(logFile, logFile.replace(/(\.log)?$/, '.previous.log'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

interface ProcessRecord {
  server: { pid: number; identity: string };
  owner: { pid: number; identity: string };
}

/** Written once the server is up, so that the next start in the same folder can tell a leftover from a neighbour. */
export async function recordServer(recordFile: string, pid: number): Promise<void> {
  const describe = (id: number) => ({ pid: id, identity: processIdentity(id) ?? '' });
  const record: ProcessRecord = { server: describe(pid), owner: describe(process.pid) };
  await writeFile(recordFile, JSON.stringify(record), { mode: 0o600 });
}

/**
 * Stops a server that an earlier run of ours left behind in this folder.
 * @throws {StartError} when the run that started it is still alive
 */
export async function stopLeftover(
  recordFile: string,
  what: { name: string; folder: string; signal: NodeJS.Signals; timeoutMs: number; log: Logger },
): Promise<void> {
  const record = await readRecord(recordFile);
  if (!record || !isAlive(record.server)) return;
  const { pid } = record.server;
  if (isAlive(record.owner)) {
    throw new StartError(
      `${what.name} already runs on ${what.folder} (process ${pid}, started by process ${record.owner.pid}). ` +
        'Stop that one first, or set IRISX_DATA_DIR to another folder.',
    );
  }
  what.log.warn(`stopping ${what.name} (process ${pid}) that an earlier run left behind`);
  process.kill(pid, what.signal);
  const killAt = Date.now() + what.timeoutMs;
  while (isAlive(record.server)) {
    if (Date.now() > killAt) process.kill(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await rm(recordFile, { force: true });
}

async function readRecord(recordFile: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordFile, 'utf8')) as ProcessRecord;
  } catch {
    return undefined; // none, or cut short by a crash
  }
}

/** Pids are reused, in a container even immediately; the start time tells two processes apart. */
function isAlive({ pid, identity }: { pid: number; identity: string }): boolean {
  return identity !== '' && processIdentity(pid) === identity;
}

/** Undefined when no such process runs; a zombie does not run. */
export function processIdentity(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const startedAt = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
    return startedAt || undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold anything. State is the 3rd, start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
