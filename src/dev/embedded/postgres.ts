import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { StartError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { assertPortFree, findFreePort } from './ports.js';
import { chooseServerUser, findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { readOrCreateSecret } from './secrets.js';
import {
  dropRights,
  processIdentity,
  recordServer,
  runAs,
  spawnServer,
  stopLeftover,
  type ServerProcess,
  type ServerUser,
} from './server-process.js';

export interface EmbeddedPostgresOptions {
  /** Holds the cluster, its password and its log; created if missing. */
  dataDir: string;
  /** Absent: any free port. */
  port?: number;
  log: Logger;
  /** False: faster, but a crash of the machine may lose data. For tests. */
  durable?: boolean;
}

export interface EmbeddedPostgres {
  /** Connection string of the database `irisx`; the user is a superuser. A secret: it holds the password. */
  url: string;
  port: number;
  pid: number;
  /** Postgres' fast shutdown: open connections are cut, nothing committed is lost. Harmless to call twice. */
  stop: () => Promise<void>;
}

const user = 'irisx';
const database = 'irisx';
const startDeadlineMs = 60_000;
const stopTimeoutMs = 30_000;
// English messages and UTC, whatever the terminal's settings.
const serverEnv = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };

/**
 * A real Postgres on 127.0.0.1 that keeps its data in a folder. Copes with what is left behind if we or Postgres were
 * killed with `kill -9`.
 * @throws {StartError} when the port is taken, when it runs on that folder already, or when it does not start
 */
export async function startPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options;
  const clusterDir = path.join(dataDir, 'cluster');
  const recordFile = path.join(dataDir, 'process.json');
  await mkdir(dataDir, { recursive: true });
  await stopLeftover(recordFile, {
    name: 'Postgres',
    folder: dataDir,
    signal: 'SIGINT',
    timeoutMs: stopTimeoutMs,
    log,
  });
  if (options.port !== undefined) await assertPortFree(options.port, 'Postgres', 'POSTGRES_PORT');

  const binaries = findPostgresBinaries();
  const serverUser = chooseServerUser(clusterDir, binaries.postgres);
  const passwordFile = path.join(dataDir, 'password');
  const password = await readOrCreateSecret(passwordFile, () => randomBytes(24).toString('base64url'));
  if (!existsSync(path.join(clusterDir, 'PG_VERSION'))) {
    log.debug(`making a database cluster in ${clusterDir}`);
    await initCluster(binaries, clusterDir, password, serverUser);
  }
  assertSameVersion(binaries, clusterDir);
  const crashed = await removeStalePidFile(clusterDir);

  const port = options.port ?? (await findFreePort());
  const server = await retryAfterCrash(crashed, () =>
    runCluster(binaries, clusterDir, port, path.join(dataDir, 'postgres.log'), options.durable ?? true, serverUser),
  );
  const url = new URL(`postgres://127.0.0.1:${port}/${database}`);
  url.username = user;
  url.password = password;
  try {
    await recordServer(recordFile, server.pid);
    await createDatabaseOnce(url);
  } catch (error) {
    await server.stop('SIGINT', stopTimeoutMs);
    throw error;
  }
  return { url: url.href, port, pid: server.pid, stop: () => server.stop('SIGINT', stopTimeoutMs) };
}

async function initCluster(
  binaries: PostgresBinaries,
  clusterDir: string,
  password: string,
  serverUser: ServerUser | undefined,
): Promise<void> {
  // Made elsewhere and renamed, so that a killed initdb leaves no half-made cluster.
  const draft = `${clusterDir}.${process.pid}`;
  await mkdir(draft, { mode: 0o700 });
  const passwordFile = `${draft}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (serverUser) for (const made of [draft, passwordFile]) await chown(made, serverUser.uid, serverUser.gid);
  // prettier-ignore
  const args = ['--pgdata', draft, '--username', user, '--pwfile', passwordFile, '--auth', 'scram-sha-256',
    '--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-sync'];
  const prefix = serverUser?.mayEnterAnyFolder ? [...dropRights(serverUser), '--'] : [];
  const [command, ...words] = [...prefix, binaries.initdb, ...args];
  try {
    const result = spawnSync(command!, words, { ...runAs(serverUser), cwd: '/', env: serverEnv, encoding: 'utf8' });
    if (result.status !== 0) {
      throw new StartError(
        `Postgres could not create its files in ${draft}:\n${result.stderr || String(result.error ?? '')}`,
      );
    }
    await rename(draft, clusterDir);
  } finally {
    for (const made of [draft, passwordFile]) await rm(made, { recursive: true, force: true });
  }
}

function assertSameVersion(binaries: PostgresBinaries, clusterDir: string): void {
  const made = readFileSync(path.join(clusterDir, 'PG_VERSION'), 'utf8').trim();
  const { stdout } = spawnSync(binaries.postgres, ['--version'], { encoding: 'utf8' });
  const ours = /(\d+)/.exec(stdout)?.[1];
  if (ours && ours !== made) {
    throw new StartError(
      `${clusterDir} was made by Postgres ${made}, but this is Postgres ${ours}. ` +
        'Move the folder away (its data is then left behind), or set IRISX_DATA_DIR to another one.',
    );
  }
}

/**
 * After `kill -9` the pid file stays. If another program has that pid by now, Postgres would refuse to start, so the
 * file is removed. If a postgres has it, Postgres itself decides. Returns whether there was a file.
 */
async function removeStalePidFile(clusterDir: string): Promise<boolean> {
  const file = path.join(clusterDir, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const { stdout } = spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
  const isPostgres = processIdentity(pid) !== undefined && (stdout ?? 'postgres').includes('postgres');
  if (!isPostgres) await rm(file, { force: true });
  return true;
}

/** The backends of a killed Postgres need a moment to notice. Until then they hold the shared memory. */
async function retryAfterCrash<T>(crashed: boolean, start: () => Promise<T>): Promise<T> {
  const retryUntil = Date.now() + (crashed ? 5_000 : 0);
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (Date.now() >= retryUntil) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

async function runCluster(
  binaries: PostgresBinaries,
  clusterDir: string,
  port: number,
  logFile: string,
  durable: boolean,
  serverUser: ServerUser | undefined,
): Promise<ServerProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...(!durable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const server = await spawnServer({
    command: binaries.postgres,
    args: ['-D', clusterDir, '-p', String(port), ...Object.entries(settings).flatMap((pair) => ['-c', pair.join('=')])],
    env: serverEnv,
    logFile,
    signalOnOurDeath: 'SIGINT',
    ...(serverUser && { user: serverUser }),
  });
  const deadline = Date.now() + startDeadlineMs;
  while (!isReady(clusterDir, server.pid)) {
    if (server.hasExited() || Date.now() > deadline) {
      const how = server.hasExited() ? await server.exited : 'not ready in time';
      await server.stop('SIGINT', stopTimeoutMs);
      throw new StartError(`Postgres did not start (${how}). Its last lines, from ${logFile}:\n${server.lastLines()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  return server;
}

/** Postgres writes its state into the eighth line of its pid file; pg_ctl waits for it the same way. */
function isReady(clusterDir: string, pid: number): boolean {
  try {
    const lines = readFileSync(path.join(clusterDir, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && ['ready', 'standby'].includes(lines[7]?.trim() ?? '');
  } catch {
    return false;
  }
}

async function createDatabaseOnce(url: URL): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.href });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
}
