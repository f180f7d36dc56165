import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { Logger } from '../log.js';

const table = 'migrations';
/** Anything, but always the same: migrations that run at once queue up behind it. */
const lockKey = 7_311_902;

/** The folder beside the sources, or beside `dist` when compiled. */
async function migrationsFolder(): Promise<string> {
  for (const up of ['../../migrations', '../../../migrations']) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if ((await readdir(folder).catch(() => [])).some((name) => name.endsWith('.sql'))) return folder;
  }
  throw new Error('the folder `migrations` is neither beside `src` nor beside `dist`');
}

/** Brings the schema up to date; does nothing where it is. May be called by several processes at once. Returns the names applied. */
export async function migrate(databaseUrl: string, log: Logger): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'irisx-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    const applied = await runner({
      dbClient: client,
      dir: await migrationsFolder(),
      direction: 'up',
      migrationsTable: table,
      checkOrder: true,
      noLock: true,
      log: () => undefined,
    });
    const names = applied.map((migration) => migration.name);
    log.info({ applied: names }, names.length > 0 ? 'migrations.applied' : 'migrations.none_pending');
    return names;
  } finally {
    await client.end();
  }
}

/** Names of migrations that this version has and the database has not. */
export async function pendingMigrations(db: {
  query: (text: string) => Promise<{ rows: { name: string }[] }>;
}): Promise<string[]> {
  const files = (await readdir(await migrationsFolder()))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => path.parse(name).name);
  const { rows: found } = await db.query(
    `select tablename as name from pg_tables where tablename = '${table}' and schemaname = any(current_schemas(false))`,
  );
  const { rows } = found.length > 0 ? await db.query(`select name from ${table}`) : { rows: [] };
  const applied = new Set(rows.map((row) => row.name));
  return files.filter((name) => !applied.has(name)).sort();
}
