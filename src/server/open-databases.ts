import type { Config } from '../config/service.js';
import { allOf } from '../close-all.js';
import { assertWritable } from '../db/assert-writable.js';
import { openDatabase, type Database } from '../db/database.js';
import type { Logger } from '../log.js';
import { pendingMigrations, readSchema, type Schema } from '../db/migrations.js';

/** The pools of a process: waiting for one of them takes no connection from the others. */
export interface Databases {
  /** For the API and the event sources. */
  api: Database;
  /** For the activities. The same pool as `api`, unless the process runs both API and worker. */
  worker: Database;
  /** A connection of its own, so that no heartbeat waits behind deliveries. */
  heartbeat: Database;
  /** A connection of its own, which counts what waits and may take longer than a check of readiness. */
  metrics: Database;
  /**
   * Whether this version must stop. Asks on a connection of its own. Functions that another version has replaced do not
   * count, see pendingMigrations. Rejects with DatabaseUnavailableError while Postgres takes no writes.
   */
  hasPendingMigrations(): Promise<boolean>;
  /** The migrations and functions without which this version may not start. Rejects as hasPendingMigrations does. */
  pendingMigrations(): Promise<string[]>;
  /** Waits for every pool, also when one does not close; then rejects. */
  close(): Promise<void>;
}

/**
 * `databasePoolSize` connections for the API and the worker together, half of them for the worker if they share a
 * process; and one each for the checks of Postgres and for the heartbeat.
 */
export function openDatabases(
  { databaseUrl, databasePoolSize, databasePreparedStatements }: Config,
  log: Logger,
  parts: { api: boolean; worker: boolean },
): Databases {
  const passage = { settings: true, names: databasePreparedStatements };
  const open = (poolSize: number) =>
    openDatabase({
      url: databaseUrl,
      poolSize,
      passage,
      onIdleError: (error) => log.warn({ reason: error.message }, 'postgres.connection_lost'),
      onPooler: (evidence) => log.warn({ evidence }, 'postgres.pooler_detected: going on without'),
    });
  const isShared = parts.api && parts.worker;
  const workerSize = Math.max(1, Math.floor(databasePoolSize / 2));
  const api = open(isShared ? Math.max(1, databasePoolSize - workerSize) : databasePoolSize);
  const worker = isShared ? open(workerSize) : api;
  const probe = open(1);
  // Neither opens a connection before it is used.
  const heartbeat = open(1);
  const metrics = open(1);
  // Read once: the schema that this process was started with.
  let schema: Schema | undefined;
  const check = async (options?: { orReplaced: boolean }) => {
    schema ??= await readSchema();
    const pending = await pendingMigrations(probe, schema, options);
    if (pending.length === 0) await assertWritable(probe);
    return pending;
  };
  return {
    api,
    worker,
    heartbeat,
    metrics,
    pendingMigrations: () => check(),
    hasPendingMigrations: async () => (await check({ orReplaced: true })).length > 0,
    close: () => allOf([...new Set([api, worker, probe, heartbeat, metrics])].map((db) => db.close())),
  };
}
