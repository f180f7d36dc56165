import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createLogger, type Logger } from '../../src/log.js';
import { startPostgres, type EmbeddedPostgres } from '../../src/dev/embedded/postgres.js';
import { buildPortal } from '../../src/dev/portal.js';
import { migrate } from '../../src/db/migrations.js';
import { findTemporalBinary } from '../../src/dev/embedded/temporal-binary.js';
import { startTemporal, type EmbeddedTemporal } from '../../src/dev/embedded/temporal.js';
import { compile } from './compile.js';

export interface TestServers {
  /** Environment variables that tell the tests where the servers are. */
  env: Record<string, string>;
  stop: () => Promise<void>;
}

const template = 'irisx_template';

/**
 * Postgres with a migrated template database, Temporal in memory, our programs compiled and the portal built. If one
 * fails, what was started is stopped.
 */
export async function startTestServers(): Promise<TestServers> {
  const log = createLogger({ level: 'info', format: 'pretty' });
  const folder = await mkdtemp(path.join(tmpdir(), 'irisx-test-'));
  await chmod(folder, 0o755);
  let postgres: EmbeddedPostgres | undefined;
  let temporal: EmbeddedTemporal | undefined;
  const stop = async () => {
    await Promise.all([postgres?.stop(), temporal?.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const compiled = await timed('compiled programs', () => compile(path.join(folder, 'compiled'), log));
    await timed('portal', buildPortal);
    postgres = await timed('Postgres', () =>
      startPostgres({ dataDir: path.join(folder, 'postgres'), log, durable: false }),
    );
    await timed('template database', () => makeTemplate(postgres!.url, log));
    const binary = await findTemporalBinary({ log });
    const name = `Temporal ${binary.version} (${binary.source}: ${binary.path})`;
    temporal = await timed(name, () => startTemporal({ binary: binary.path, namespace: 'default', log }));
    const env = {
      TEST_POSTGRES_URL: postgres.url,
      TEST_TEMPLATE_DATABASE: template,
      TEST_TEMPORAL_ADDRESS: temporal.address,
      TEST_TEMPORAL_BINARY: binary.path,
      TEST_COMPILED_FOLDER: compiled,
    };
    return { env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeTemplate(postgresUrl: string, log: Logger): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create database ${template}`);
  await client.end();
  const url = new URL(postgresUrl);
  url.pathname = `/${template}`;
  await migrate(url.href, log.child({}, { level: 'warn' }));
}

async function timed<T>(what: string, start: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const result = await start();
  console.log(`${what}: ready in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}
