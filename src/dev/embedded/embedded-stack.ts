import path from 'node:path';
import { loadEmbeddedConfig } from '../../config/embedded.js';
import type { Environment } from '../../config/environment.js';
import { loadConfig, type Config } from '../../config/service.js';
import type { Logger } from '../../log.js';
import { migrate } from '../../db/migrations.js';
import { workflowBundle } from '../../temporal/bundle.js';
import { startPostgres } from './postgres.js';
import { loadOrCreateKeys } from './secrets.js';
import { startTemporal } from './temporal.js';
import { findTemporalBinary } from './temporal-binary.js';

export interface EmbeddedStack {
  /** The environment's, completed with what was started. */
  config: Config;
  /** Undefined if the environment names a Temporal of its own. */
  temporalUiUrl: string | undefined;
  adminKey: string;
  /** Stops what was started, Postgres last. */
  stop(): Promise<void>;
}

/** Shows a person the progress: runs `work`, then shows `done` of its result. */
export type ShowProgress = <T>(what: string, work: () => Promise<T>, done?: (result: T) => string) => Promise<T>;

/**
 * Starts what the environment does not name: Postgres if there is no DATABASE_URL, Temporal if there is no
 * TEMPORAL_ADDRESS. Keeps their data and the keys in IRISX_DATA_DIR and brings the schema up to date. If a part fails,
 * it stops what it started.
 */
export async function startEmbeddedStack(env: Environment, log: Logger, show: ShowProgress): Promise<EmbeddedStack> {
  const { dataDir, databasePort, temporalPort, temporalUiPort } = loadEmbeddedConfig(env);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };

  const database = async () => {
    if (env['DATABASE_URL']) return env['DATABASE_URL'];
    const postgres = await show(
      'Postgres',
      () => startPostgres({ dataDir: path.join(dataDir, 'postgres'), port: databasePort, log }),
      ({ port }) => `port ${port}`,
    );
    stops.unshift(postgres.stop);
    return postgres.url;
  };
  const schema = async () => {
    const url = await database();
    await show(
      'Schema',
      () => migrate(url, log),
      (applied) => (applied.length > 0 ? `${applied.length} migrations and functions applied` : 'up to date'),
    );
    return url;
  };
  const temporal = async () => {
    if (env['TEMPORAL_ADDRESS']) return { address: env['TEMPORAL_ADDRESS'], uiUrl: undefined };
    const binary = await show(
      'Temporal CLI',
      () => findTemporalBinary({ log }),
      ({ version, source, path: file }) => `${version} from ${source === 'path' ? file : source}`,
    );
    const server = await show(
      'Temporal',
      () =>
        startTemporal({
          binary: binary.path,
          dataDir: path.join(dataDir, 'temporal'),
          port: temporalPort,
          uiPort: temporalUiPort,
          namespace: env['TEMPORAL_NAMESPACE'] || 'default',
          log,
        }),
      ({ address, uiUrl }) => `${address}, Web UI ${uiUrl}`,
    );
    stops.push(server.stop);
    return server;
  };

  try {
    const parts = [
      schema(),
      temporal(),
      loadOrCreateKeys(dataDir, {
        encryptionKey: env['IRISX_ENCRYPTION_KEY'],
        encryptionKeys: env['IRISX_ENCRYPTION_KEYS'],
        adminKey: env['IRISX_ADMIN_KEY'],
      }),
      show('Workflow code', () => workflowBundle(log)),
    ] as const;
    // Wait for all before handling a failure of one: a server that starts after that would never be stopped.
    await Promise.allSettled(parts);
    const [databaseUrl, { address, uiUrl }, keys] = await Promise.all(parts);
    const config = loadConfig({
      WEBHOOK_ALLOW_HTTP: 'true',
      ...(keys.encryptionKey !== undefined && { IRISX_ENCRYPTION_KEY: keys.encryptionKey }),
      IRISX_ADMIN_KEY: keys.adminKey,
      ...(uiUrl !== undefined && { TEMPORAL_UI_URL: uiUrl }),
      ...definedIn(env),
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: address,
    });
    return { config, temporalUiUrl: uiUrl, adminKey: config.adminKey ?? keys.adminKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const definedIn = (env: Environment) =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
