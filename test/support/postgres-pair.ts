import { spawnSync } from 'node:child_process';
import { chmod, appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createLogger } from '../../src/log.js';
import { startPostgres, type EmbeddedPostgres } from '../../src/dev/embedded/postgres.js';
import { migrate } from '../../src/db/migrations.js';
import { waitFor } from './wait-for.js';

/** A migrated primary and its synchronous standby: what is committed on the first is also on the second. */
export interface PostgresPair {
  readonly first: EmbeddedPostgres;
  readonly second: EmbeddedPostgres;
  /** The first takes no more writes; its sessions stay open. */
  demoteFirst(): Promise<void>;
  /** The second takes writes once it has everything from the first. */
  promoteSecond(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPostgresPair(): Promise<PostgresPair> {
  const log = createLogger({ level: 'silent', format: 'json' });
  const folder = await mkdtemp(path.join(tmpdir(), 'irisx-pair-'));
  await chmod(folder, 0o755);
  const [firstDir, secondDir] = [path.join(folder, 'first'), path.join(folder, 'second')];
  const running: EmbeddedPostgres[] = [];
  const start = async (dataDir: string, port?: number) => {
    const server = await startPostgres({ dataDir, log, ...(port !== undefined && { port }) });
    running.push(server);
    return server;
  };
  const stop = async () => {
    await Promise.all(running.map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const made = await start(firstDir);
    await migrate(made.url, log);
    await made.stop();
    const { status } = spawnSync('cp', ['-a', firstDir, secondDir]);
    if (status !== 0) throw new Error('the cluster could not be copied');
    await rm(path.join(secondDir, 'process.json'));
    const { username, password } = new URL(made.url);
    const settings = path.join(secondDir, 'cluster', 'postgresql.auto.conf');
    await appendFile(
      settings,
      `primary_conninfo = 'host=127.0.0.1 port=${made.port} user=${username} password=${password}'\n`,
    );
    await writeFile(path.join(secondDir, 'cluster', 'standby.signal'), '');
    const first = await start(firstDir, made.port);
    const second = await start(secondDir);
    await waitFor(async () => (await ask(first, 'select from pg_stat_replication')).length === 1, {
      what: 'the standby',
    });
    await set(first, `synchronous_standby_names = '*'`);
    return {
      first,
      second,
      demoteFirst: () => set(first, 'default_transaction_read_only = on'),
      async promoteSecond() {
        const [{ lsn }] = (await ask(first, 'select pg_current_wal_lsn() as lsn')) as [{ lsn: string }];
        await waitFor(
          async () => (await ask(second, `select where pg_last_wal_replay_lsn() >= '${lsn}'`)).length === 1,
          { what: 'the standby to have everything' },
        );
        await ask(second, 'select pg_promote()');
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function set(server: EmbeddedPostgres, setting: string): Promise<void> {
  await ask(server, `alter system set ${setting}`);
  await ask(server, 'select pg_reload_conf()');
}

async function ask({ url }: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}
