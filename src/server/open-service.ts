import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { ActivityDeps } from '../../activities/index.js';
import { ConfigError } from '../config/environment.js';
import type { Config } from '../config/service.js';
import { createAddressGuard } from '../delivery/address.js';
import { UnrecordedAttempts } from '../../activities/deliveries/unrecorded-attempts.js';
import { OpenRequests } from '../delivery/open-requests.js';
import { createPoster } from '../delivery/post.js';
import { Permits } from '../temporal/priority/permits.js';
import { triggerEvent, type TriggerOutcome, type TriggeredEvent } from '../events/trigger.js';
import type { UploadedRecording } from '../events/recording.js';
import type { Logger } from '../log.js';
import { startCallListener, type CallListener } from '../sources/calls/call-listener.js';
import { recordingCompleted } from '../sources/calls/recordings.js';
import { createSealer, noSealer } from '../encryption/seal.js';
import { WorkflowStarter } from '../temporal/workflow-starter.js';
import { requireReadable } from '../encryption/check-encryption.js';
import { allOf, closeAll } from '../close-all.js';
import { startDeliveryWorker, type DeliveryWorker } from '../temporal/worker.js';
import { DeliveryStreams } from '../api/streams/delivery-streams.js';
import { listen, type ListeningServer } from '../api/http/listen.js';
import { startTracing } from './start-tracing.js';
import { listenerHealth } from './listener-health.js';
import { sdkMetricsAddress, serveMetrics } from './metrics-server.js';
import { openDatabases } from './open-databases.js';
import { connectClient } from '../temporal/connection.js';
import { watchEncryption } from '../encryption/watch-encryption.js';
import { TemporalWatch } from '../temporal/watch.js';
import { Transforms } from '../transform/transforms.js';

/** The longest that one request to Twilio may take; the time to record it is not included. */
const twilioDeadlineMs = 20_000;
/** The listener must have stored the events that it received by then. */
const listenerCloseMs = 10_000;

export interface Service {
  /** Where the API listens, or the health endpoint of a process with only a listener; undefined without either. */
  url: string | undefined;
  /** For event sources in this process: resolves when the event is accepted. */
  triggerEvent(event: TriggeredEvent): Promise<TriggerOutcome>;
  /** For an uploader of recordings in this process: true if the event was accepted, false if repeated or empty. */
  recordingCompleted(recording: UploadedRecording): Promise<boolean>;
  /** Undefined if this process listens to no switch. */
  callListener: CallListener | undefined;
  /** Resolves when the worker polls; immediately without a worker. */
  ready: Promise<void>;
  /** Rejects when a part fails for good; the process then has to end. */
  failed: Promise<never>;
  /** Takes nothing new, lets requests and deliveries in progress end, then closes everything. */
  close(): Promise<void>;
}

const { version } = createRequire(import.meta.url)(
  import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json',
) as {
  version: string;
};

/** The parts of a process. The listener listens only if the configuration names a switch. */
export interface ServiceParts {
  api: boolean;
  worker: boolean;
  listener?: boolean;
}

/** For tests: shorter times than are good for production. */
export interface ServiceTimes {
  temporalCheckEveryMs?: number;
}

/** Wires the parts into this process. Rejects if a migration is pending or Postgres is away; Temporal may be away. */
export async function openService(
  config: Config,
  log: Logger,
  parts: ServiceParts,
  { temporalCheckEveryMs }: ServiceTimes = {},
): Promise<Service> {
  if (parts.listener && !parts.api && !parts.worker && !config.freeswitch)
    throw new ConfigError([
      'FREESWITCH_URLS is missing: esl://:password@host:8021 of each switch, separated by commas',
    ]);
  const databases = openDatabases(config, log, parts);
  const db = databases.api;
  const closers: (() => Promise<unknown>)[] = [() => databases.close()];
  if (config.tracing) closers.push(await startTracing(version, log));
  const close = () => closeAll(closers, log);
  try {
    const pending = await databases.pendingMigrations();
    if (pending.length > 0)
      throw new Error(`Migrations are pending: ${pending.join(', ')}. Run \`npm run migrate\` first.`);

    const guard = createAddressGuard([...config.allowedNetworks]);
    // A listener opens and seals nothing, and needs no key.
    const needsKey = parts.api || parts.worker;
    const keys = needsKey ? createSealer(config.encryptionKeys) : noSealer;
    if (needsKey) await requireReadable(db, keys);
    const encryption = watchEncryption({ db, sealer: keys, log });
    closers.push(async () => encryption.close());
    if (!needsKey) encryption.close();
    const { sealer } = encryption;
    const permits = new Permits();
    // If Temporal refuses a start, the watch looks for the cause soon.
    const onRefused = () => watch.checkSoon();
    const openRequests = new OpenRequests();
    const isSlow = (webhookId: number) => openRequests.isSlow(webhookId);
    const starter = new WorkflowStarter({ db, log, permits, isSlow, onRefused });
    const connection = connectClient(config.temporal);
    closers.push(() => connection.close());
    const client = new Client({ connection, namespace: config.temporal.namespace });
    const twilio = await twilioOf(config);
    const watch = new TemporalWatch({
      client,
      temporal: config.temporal,
      log,
      repairs: parts.worker,
      messages: parts.worker && twilio !== undefined,
      ...(temporalCheckEveryMs !== undefined && { everyMs: temporalCheckEveryMs }),
    });
    closers.push(() => watch.close());
    const startByClient = () => starter.use(client, { taskQueue: config.temporal.taskQueue, eager: false });
    startByClient();
    const poster = createPoster({ guard, allowHttp: config.allowHttp });
    closers.push(() => poster.close());
    const transforms = new Transforms();
    closers.push(() => transforms.close());

    let worker: DeliveryWorker | undefined;
    const temporalProblems = () => [...watch.problems, ...(worker?.problems ?? [])];
    const sdkAddress = parts.worker ? await sdkMetricsAddress(config) : undefined;
    if (config.metricsAddress !== undefined) {
      const page = await serveMetrics({
        address: config.metricsAddress,
        sdkAddress,
        databases,
        temporalProblems: () => temporalProblems().length,
        log,
      });
      closers.push(() => page.close());
    }
    let closeUnrecorded: (() => Promise<void>) | undefined;
    let server: ListeningServer | undefined;
    let streams: DeliveryStreams | undefined;
    let callListener: CallListener | undefined;
    const drainSources = () => {
      streams?.close();
      return allOf([server?.close(), callListener && within(listenerCloseMs, callListener.close(), log)]);
    };
    // Closed after the last request has ended.
    closers.push(async () => closeUnrecorded?.());
    closers.push(() => {
      // The worker closes its connection; what the API still accepts is started through the client.
      startByClient();
      // Both at the same time: otherwise, what the worker began while the API drained would outlast the time that a
      // shutdown may take. The starter closes last, so that what they still trigger and wake is started.
      return allOf([worker?.shutdown(), drainSources()]).finally(() => starter.close());
    });
    if (parts.worker) {
      const { worker: db, heartbeat: heartbeatDb } = databases;
      const unrecorded = new UnrecordedAttempts({ db, heartbeatDb, log, workflows: starter });
      closeUnrecorded = () => unrecorded.close();
      worker = startDeliveryWorker({
        config,
        log,
        sdkMetricsAddress: sdkAddress,
        activities: {
          db,
          log,
          poster,
          transforms,
          sealer,
          openRequests,
          permits,
          unrecorded,
          startInTurn: (delivery, ifRunning) => starter.startInTurn(delivery, ifRunning),
          startMessageInTurn: (message) => starter.startMessageInTurn(message),
          maxRetryAfterMs: config.maxRetryAfterMs,
          retention: config.retention,
          auditRetentionDays: config.auditRetentionDays,
          statisticsRetentionDays: config.statisticsRetentionDays,
          version,
          workflows: starter,
          twilio,
        },
        onConnected: (by, options) => starter.use(by, options),
        onDisconnected: startByClient,
      });
    }

    let url: string | undefined;
    if (parts.api) {
      const { createApp } = await import('../api/app.js');
      streams = new DeliveryStreams({ db, sealer, transforms, log, version });
      const app = createApp({
        db,
        streams,
        workflows: starter,
        guard,
        allowHttp: config.allowHttp,
        requireVerification: config.requireVerification,
        transforms,
        sealer,
        adminKey: config.adminKey,
        callsPerMinute: config.api.callsPerMinute,
        trustedProxies: config.api.trustedProxies ?? [],
        publicBaseUrl: config.api.publicBaseUrl,
        portalFrameAncestors: config.api.portalFrameAncestors ?? [],
        temporalUiUrl: config.api.temporalUiUrl,
        temporalNamespace: config.temporal.namespace,
        ...(config.twilio &&
          config.api.publicBaseUrl !== undefined && {
            messages: {
              ...config.twilio,
              publicBaseUrl: config.api.publicBaseUrl,
              workflows: starter,
            },
          }),
        log,
        version,
        isTemporalReachable: () => isReachable(client),
        temporalProblems,
        sweepState: () => watch.sweepState,
        hasPendingMigrations: () => databases.hasPendingMigrations(),
        encryptionState: () => encryption.state(),
      });
      server = await listen(app, config.api);
      url = urlOf(config.api.host, server.address.port);
      log.info({ url }, 'api.listening');
    }
    if (parts.listener && config.freeswitch) {
      const { switches, tenantVariable, recordingUrlTemplate } = config.freeswitch;
      const deps = { db, workflows: starter, log, recordingUrlTemplate };
      const listener = (callListener = startCallListener(deps, switches, { tenantVariable }));
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
      failed: failureOf(worker, parts),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves after `ms` at the latest; unfinished work then continues while other parts close. */
async function within(ms: number, work: Promise<unknown>, log: Logger): Promise<void> {
  const stop = new AbortController();
  const late = delay(ms, true, { signal: stop.signal, ref: false });
  const isLate = await Promise.race([work.then(() => false), late]).finally(() => stop.abort());
  if (isLate) log.warn({ afterMs: ms }, 'listener.close_too_long: the next listener handles what it stored');
}

/** An API keeps accepting events without its worker, unless the worker could not even be loaded. */
function failureOf(worker: DeliveryWorker | undefined, parts: ServiceParts): Promise<never> {
  const never = new Promise<never>(() => undefined);
  if (!worker) return never;
  if (!parts.api) return worker.failed;
  return worker.loaded.then(() => never);
}

/** Imported only where needed: the SDK takes half a second to load. */
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
