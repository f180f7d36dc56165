import { createRequire } from 'node:module';
import { Client } from '@temporalio/client';
import type { Config } from '../config.js';
import { openDatabase } from '../db/database.js';
import { createAddressGuard } from '../delivery/address.js';
import { OpenRequests } from '../delivery/open-requests.js';
import { createPoster } from '../delivery/post.js';
import { DeliveryStarter } from '../delivery-starter.js';
import { triggerEvent, type TriggerAnswer, type TriggeredEvent } from '../events/trigger.js';
import type { Logger } from '../log.js';
import { createSealer } from '../seal.js';
import { startDeliveryWorker, type DeliveryWorker } from './delivery-worker.js';
import { listen, type ListeningServer } from './listen.js';
import { pendingMigrations } from './migrations.js';
import { connectClient } from './temporal-connection.js';

export interface Service {
  /** Where the API listens; undefined without one. */
  url: string | undefined;
  /** In process, for event sources: resolves when the event is accepted. */
  triggerEvent(event: TriggeredEvent): Promise<TriggerAnswer>;
  /** Resolves when the worker polls; at once without one. */
  ready: Promise<void>;
  /** Rejects when a part fails for good; the process has to end then. */
  failed: Promise<never>;
  /** Takes nothing new, lets requests and deliveries in progress end, closes everything. */
  close(): Promise<void>;
}

const { version } = createRequire(import.meta.url)(
  import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json',
) as {
  version: string;
};

/** Wires API, worker or both into this process. Rejects while a migration is pending or Postgres is away; Temporal may be away. */
export async function openService(
  config: Config,
  log: Logger,
  parts: { api: boolean; worker: boolean },
): Promise<Service> {
  const db = openDatabase({
    url: config.databaseUrl,
    poolSize: config.databasePoolSize,
    onIdleError: (error) => log.warn({ reason: error.message }, 'postgres.connection_lost'),
  });
  const closers: (() => Promise<unknown>)[] = [() => db.close()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const pending = await pendingMigrations(db);
    if (pending.length > 0)
      throw new Error(`Migrations are pending: ${pending.join(', ')}. Run \`npm run migrate\` first.`);

    const guard = createAddressGuard([...config.allowedNetworks]);
    const sealer = createSealer(config.encryptionKey);
    const starter = new DeliveryStarter({ db, log });
    const connection = connectClient(config.temporal);
    closers.push(() => connection.close());
    const client = new Client({ connection, namespace: config.temporal.namespace });
    const startByClient = () => starter.use(client, { taskQueue: config.temporal.taskQueue, eager: false });
    startByClient();
    const poster = createPoster({ guard });
    closers.push(() => poster.close());

    let worker: DeliveryWorker | undefined;
    let server: ListeningServer | undefined;
    const drainApi = async () => {
      await server?.close();
      await starter.close();
    };
    closers.push(() => {
      // The worker takes its connection with it; what the API still accepts is started without.
      startByClient();
      // Both at once: what the worker began while the API drained would outlast the time that a stop may take.
      return Promise.all([worker?.shutdown(), drainApi()]);
    });
    if (parts.worker) {
      worker = startDeliveryWorker({
        config,
        log,
        activities: {
          db,
          log,
          poster,
          sealer,
          openRequests: new OpenRequests(),
          wakeDelivery: (delivery) => starter.wakeInTurn(delivery),
          maxRetryAfterMs: config.maxRetryAfterMs,
          retentionDays: config.retentionDays,
          version,
        },
        onConnected: (eagerClient, options) => starter.use(eagerClient, options),
      });
    }

    let url: string | undefined;
    if (parts.api) {
      const { createApp } = await import('../api/app.js');
      const app = createApp({
        db,
        workflows: starter,
        guard,
        allowHttp: config.allowHttp,
        sealer,
        adminKey: config.adminKey,
        callsPerMinute: config.api.callsPerMinute,
        log,
        version,
        isTemporalReachable: () => isReachable(client),
        hasPendingMigrations: async () => (await pendingMigrations(db)).length > 0,
      });
      server = await listen(app, config.api);
      url = `http://${config.api.host === '0.0.0.0' ? 'localhost' : config.api.host}:${server.address.port}`;
      log.info({ url }, 'api.listening');
    }
    return {
      url,
      triggerEvent: (event) => triggerEvent({ db, workflows: starter }, event),
      ready: worker?.ready ?? Promise.resolve(),
      failed: worker?.failed ?? new Promise<never>(() => undefined),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function isReachable(client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + 1_000, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    // Whatever the reason, the answer is no; starts and the worker log why.
    return false;
  }
}
