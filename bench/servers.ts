import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createLogger } from '../src/log.js';
import { startPostgres } from '../src/dev/embedded/postgres.js';
import { startTemporal } from '../src/dev/embedded/temporal.js';
import { findTemporalBinary } from '../src/dev/embedded/temporal-binary.js';
import { migrate } from '../src/db/migrations.js';
import { compile } from '../test/support/compile.js';

export interface TemporalServer {
  address: string;
  namespace: string;
  /** Undefined: it runs elsewhere, so its CPU time cannot be read, and we have to clean up there. */
  pid: number | undefined;
  stop(): Promise<void>;
}

export interface Servers {
  /** Temporary, for logs and embedded servers. Removed by `stop`. */
  folder: string;
  /** Our programs as JavaScript: production does not run TypeScript either. */
  compiled: string;
  /** A secret: it holds the password. */
  postgresUrl: string;
  /** Undefined: it runs elsewhere. */
  postgresPid: number | undefined;
  /** An empty database with our schema. */
  newDatabase(): Promise<{ url: string; drop(): Promise<void> }>;
  /** The one that most measurements share. */
  temporal: TemporalServer;
  /** A new one, for a measurement that leaves much behind. If TEMPORAL_ADDRESS names a server, that one. */
  newTemporal(): Promise<TemporalServer>;
  stop(): Promise<void>;
}

/** Postgres and Temporal as `npm run dev` starts them, or those that DATABASE_URL and TEMPORAL_ADDRESS name. */
export async function startServers(env: NodeJS.ProcessEnv): Promise<Servers> {
  const log = createLogger({ level: 'warn', format: 'pretty' });
  const folder = await mkdtemp(path.join(tmpdir(), 'irisx-bench-'));
  await chmod(folder, 0o755);
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  const namespace = env['TEMPORAL_NAMESPACE'] || 'default';

  const postgres = async () => {
    const given = env['DATABASE_URL'];
    if (given) return { url: given, pid: undefined };
    const started = await startPostgres({ dataDir: path.join(folder, 'postgres'), log });
    stops.push(started.stop);
    return started;
  };
  let count = 0;
  const newTemporal = async (): Promise<TemporalServer> => {
    const given = env['TEMPORAL_ADDRESS'];
    if (given) return { address: given, namespace, pid: undefined, stop: async () => undefined };
    const { path: binary } = await findTemporalBinary({ log });
    const dataDir = path.join(folder, `temporal-${++count}`);
    const started = await startTemporal({ binary, dataDir, namespace, log });
    stops.push(started.stop);
    return { address: started.address, namespace, pid: started.pid, stop: started.stop };
  };

  try {
    const parts = [postgres(), newTemporal(), compile(path.join(folder, 'compiled'), log)] as const;
    // Wait for all before handling a failure of one: a server that starts after that would never be stopped.
    await Promise.allSettled(parts);
    const [{ url, pid }, temporal, compiled] = await Promise.all(parts);
    return {
      folder,
      compiled,
      postgresUrl: url,
      postgresPid: pid,
      newDatabase: () => newDatabase(url),
      temporal,
      newTemporal,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A new database, even on a given Postgres, so that nobody else's data is touched. */
async function newDatabase(serverUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `irisx_bench_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const onServer = async (statement: string) => {
    const client = new pg.Client({ connectionString: serverUrl });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await onServer(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href, createLogger({ level: 'warn', format: 'pretty' }));
  return { url: url.href, drop: () => onServer(`drop database if exists ${name} with (force)`) };
}
