import { createRequire } from 'node:module';
import { Client } from '@temporalio/client';
import type { ActivityDeps } from '../../activities/index.js';
import { ConfigError, type Config } from '../config.js';
import { openDatabase } from '../db/database.js';
import { createAddressGuard } from '../delivery/address.js';
import { OpenRequests } from '../delivery/open-requests.js';
import { createPoster } from '../delivery/post.js';
import { DeliveryStarter } from '../delivery-starter.js';
import { FirstAttempts } from '../pace/first-attempts.js';
import { Pace } from '../pace/pace.js';
import { triggerEvent, type TriggerAnswer, type TriggeredEvent } from '../events/trigger.js';
import type { Logger } from '../log.js';
import { startCallListener, type CallListener } from '../sources/calls/call-listener.js';
import { recordingCompleted, type UploadedRecording } from '../sources/calls/recordings.js';
import { createSealer } from '../seal.js';
import { MessageStarter } from '../message-starter.js';
import type { StartOptions } from '../temporal.js';
import { startDeliveryWorker, type DeliveryWorker } from './delivery-worker.js';
import { listen, type ListeningServer } from './listen.js';
import { listenerHealth } from './listener-health.js';
import { pendingMigrations } from './migrations.js';
import { connectClient } from './temporal-connection.js';

/** The longest that one request to Twilio may take; recording it comes on top. */
const twilioDeadlineMs = 20_000;

export interface Service {
  /** Where the API listens, or a process that only hears calls answers for its health; undefined without either. */
  url: string | undefined;
  /** In process, for event sources: resolves when the event is accepted. */
  triggerEvent(event: TriggeredEvent): Promise<TriggerAnswer>;
  /** In process, for an uploader of recordings: true when its event was accepted, false for a repeat or an empty one. */
  recordingCompleted(recording: UploadedRecording): Promise<boolean>;
  /** Undefined where no switch is listened to. */
  callListener: CallListener | undefined;
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

/** What a process is made of. The listener only listens where the configuration names a switch. */
export interface ServiceParts {
  api: boolean;
  worker: boolean;
  listener?: boolean;
}

/** Wires the parts into this process. Rejects while a migration is pending or Postgres is away; Temporal may be away. */
export async function openService(config: Config, log: Logger, parts: ServiceParts): Promise<Service> {
  if (parts.listener && !parts.api && !parts.worker && !config.freeswitch)
    throw new ConfigError([
      'FREESWITCH_URLS is missing: esl://:password@host:8021 of each switch, separated by commas',
    ]);
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
    const pace = new Pace();
    const firstAttempts = new FirstAttempts();
    const starter = new DeliveryStarter({ db, log, pace, firstAttempts });
    const messageStarter = new MessageStarter({ db, log });
    const connection = connectClient(config.temporal);
    closers.push(() => connection.close());
    const client = new Client({ connection, namespace: config.temporal.namespace });
    const use = (by: Client, options: StartOptions) => {
      starter.use(by, options);
      messageStarter.use(by, options);
    };
    const startByClient = () => use(client, { taskQueue: config.temporal.taskQueue, eager: false });
    startByClient();
    const poster = createPoster({ guard });
    closers.push(() => poster.close());

    let worker: DeliveryWorker | undefined;
    let server: ListeningServer | undefined;
    const drainApi = async () => {
      await server?.close();
      await Promise.all([starter.close(), messageStarter.close()]);
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
          pace,
          firstAttempts,
          startInTurn: (delivery) => starter.startInTurn(delivery),
          maxRetryAfterMs: config.maxRetryAfterMs,
          retentionDays: config.retentionDays,
          version,
          workflows: starter,
          twilio: await twilioOf(config),
        },
        onConnected: use,
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
        trustedProxies: config.api.trustedProxies ?? [],
        publicBaseUrl: config.api.publicBaseUrl,
        ...(config.twilio &&
          config.api.publicBaseUrl !== undefined && {
            messages: {
              ...config.twilio,
              publicBaseUrl: config.api.publicBaseUrl,
              workflows: messageStarter,
            },
          }),
        log,
        version,
        isTemporalReachable: () => isReachable(client),
        hasPendingMigrations: async () => (await pendingMigrations(db)).length > 0,
      });
      server = await listen(app, config.api);
      url = urlOf(config.api.host, server.address.port);
      log.info({ url }, 'api.listening');
    }
    let callListener: CallListener | undefined;
    if (parts.listener && config.freeswitch) {
      const { switches, tenantVariable, recordingUrlTemplate } = config.freeswitch;
      const deps = { db, workflows: starter, log, recordingUrlTemplate };
      const listener = (callListener = startCallListener(deps, switches, { tenantVariable }));
      // First of all to be closed: what it still triggers is started.
      closers.push(() => listener.close());
      if (!parts.api) {
        const health = await listen(listenerHealth(listener), config.api);
        closers.push(() => health.close());
        url = urlOf(config.api.host, health.address.port);
      }
    }
    return {
      url,
      callListener,
      recordingCompleted: (recording) => recordingCompleted({ db, workflows: starter, log }, recording),
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

/** The SDK takes half a second to load: only where it is needed. */
async function twilioOf({ twilio, api }: Config): Promise<ActivityDeps['twilio']> {
  if (!twilio || api.publicBaseUrl === undefined) return undefined;
  const { createTwilioClient } = await import('../sources/messages/twilio-client.js');
  return {
    client: createTwilioClient({ ...twilio, deadlineMs: twilioDeadlineMs }),
    publicBaseUrl: api.publicBaseUrl,
  };
}

const urlOf = (host: string, port: number) => `http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;

async function isReachable(client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + 1_000, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    // Whatever the reason, the answer is no; starts and the worker log why.
    return false;
  }
}
