import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { Logger } from '../log.js';
import { dropFunction, replaceFunctions } from './functions.js';

const table = 'migrations';
/** Any number, but always the same: migrations that run at the same time wait for each other by it. */
const lockKey = 7_311_902;

/** A file of `migrations/`: `004_attempts`, or `functions/take_attempt`. */
export interface SchemaFile {
  name: string;
  text: string;
  /** SHA-256 of the text, whatever its line endings are. */
  hash: string;
}

/** The schema that this version of the program needs. */
export interface Schema {
  folder: string;
  /** Tables, indexes and data: run once, in this order, never edited. */
  migrations: SchemaFile[];
  /** One SQL function each, replaced when its file changes, dropped when its file is gone. */
  functions: SchemaFile[];
}

/** Reads the folder beside the sources, or beside `dist` when compiled. */
export async function readSchema(folder?: string): Promise<Schema> {
  folder ??= await migrationsFolder();
  return {
    folder,
    migrations: await readFiles(folder, ''),
    functions: await readFiles(path.join(folder, 'functions'), 'functions/'),
  };
}

async function migrationsFolder(): Promise<string> {
  for (const up of ['../../migrations', '../../../migrations']) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if ((await readdir(folder).catch(() => [])).some((name) => name.endsWith('.sql'))) return folder;
  }
  throw new Error('the folder `migrations` is neither beside `src` nor beside `dist`');
}

async function readFiles(folder: string, prefix: string): Promise<SchemaFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = (await readFile(path.join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
      const hash = createHash('sha256').update(text).digest('hex');
      return { name: prefix + path.parse(name).name, text, hash };
    }),
  );
}

/**
 * Brings the schema up to date: runs the migrations that are missing, then replaces the functions whose files changed.
 * Does nothing if it is up to date. Several processes may call it at the same time. Returns the names of the files that
 * it ran. Rejects, before it changes anything, when a migration was run with another text than it has here.
 */
export async function migrate(databaseUrl: string, log: Logger, schema?: Schema): Promise<string[]> {
  schema ??= await readSchema();
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'irisx-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    await client.query(createFilesTable);
    await refuseEdited(client, schema);
    const applied = await runner({
      dbClient: client,
      dir: schema.folder,
      direction: 'up',
      migrationsTable: table,
      checkOrder: true,
      singleTransaction: true,
      noLock: true,
      log: () => undefined,
    });
    const functions = await inTransaction(client, async () => {
      await recordMigrations(client, schema);
      return updateFunctions(client, schema);
    });
    const names = applied.map((migration) => migration.name);
    log.info(
      { applied: names, ...functions },
      names.length + functions.replaced.length + functions.dropped.length > 0
        ? 'migrations.applied'
        : 'migrations.none_pending',
    );
    return [...names, ...functions.replaced];
  } finally {
    await client.end();
  }
}

/** The texts that made this database. A function's text stays when another one replaces it: see pendingMigrations. */
const createFilesTable = `
  create table if not exists migration_files (
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now(),
    replaced_at timestamptz,
    primary key (name, sha256)
  )`;

async function refuseEdited(client: pg.Client, { migrations }: Schema): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select f.name from unnest($1::text[], $2::text[]) as f (name, sha256) join migration_files using (name)
      where migration_files.sha256 <> f.sha256 order by name`,
    [migrations.map(({ name }) => name), migrations.map(({ hash }) => hash)],
  );
  if (rows.length === 0) return;
  throw new Error(
    `This database was made by another text of ${rows.map(({ name }) => `${name}.sql`).join(', ')}. A migration that was ` +
      'run is never edited: restore its text, and put the change into a new migration. A database without data worth ' +
      'keeping can be dropped and migrated anew.',
  );
}

/** Records all migrations, including those that were run before texts were recorded. */
async function recordMigrations(client: pg.Client, { migrations }: Schema): Promise<void> {
  await client.query(
    `insert into migration_files (name, sha256)
     select f.name, f.sha256 from unnest($1::text[], $2::text[]) as f (name, sha256) on conflict do nothing`,
    [migrations.map(({ name }) => name), migrations.map(({ hash }) => hash)],
  );
}

async function updateFunctions(client: pg.Client, { functions }: Schema) {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    `select name, sha256 from migration_files where name like 'functions/%' and replaced_at is null order by name`,
  );
  const recorded = new Map(rows.map((row) => [row.name, row.sha256]));
  const changed = functions.filter(({ name, hash }) => recorded.get(name) !== hash);
  const kept = new Set(functions.map(({ name }) => name));
  const gone = [...recorded.keys()].filter((name) => !kept.has(name));
  const changes = { replaced: changed.map(({ name }) => name), dropped: gone };
  await replaceFunctions(client, changed);
  for (const name of gone) await dropFunction(client, path.basename(name));
  await client.query('update migration_files set replaced_at = now() where name = any($1) and replaced_at is null', [
    [...changes.replaced, ...gone],
  ]);
  await client.query(
    `insert into migration_files (name, sha256) select * from unnest($1::text[], $2::text[])
     on conflict (name, sha256) do update set applied_at = now(), replaced_at = null`,
    [changes.replaced, changed.map(({ hash }) => hash)],
  );
  return changes;
}

async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

type Asked = { query: (text: string) => Promise<{ rows: { name: string; sha256: string; replaced: boolean }[] }> };

/**
 * Names of the files of `schema` that are not in this database; `npm run migrate` applies them or says what to do.
 * `orReplaced`: leaves out functions that this database had and that another version has replaced. A running process
 * goes on with those during a rolling update, but none starts with them.
 */
export async function pendingMigrations(
  db: Asked,
  schema: Schema,
  { orReplaced = false }: { orReplaced?: boolean } = {},
): Promise<string[]> {
  const { rows: tables } = await db.query(
    `select tablename as name from pg_tables
      where tablename in ('${table}', 'migration_files') and schemaname = any(current_schemas(false))`,
  );
  const all = [...schema.migrations, ...schema.functions];
  if (tables.length < 2) return all.map(({ name }) => name);
  const { rows } = await db.query(
    `select name, sha256, replaced_at is not null as replaced from migration_files
      where name in (select name from ${table}) or name like 'functions/%'`,
  );
  const made = new Set(rows.filter((row) => orReplaced || !row.replaced).map((row) => `${row.name} ${row.sha256}`));
  return all.filter(({ name, hash }) => !made.has(`${name} ${hash}`)).map(({ name }) => name);
}
