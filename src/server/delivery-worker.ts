import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities, type ActivityDeps } from '../../activities/index.js';
import type { Config } from '../config.js';
import { startMessage, type StartOptions } from '../temporal.js';
import { connectWorker } from './temporal-connection.js';
import { pacedSlots } from './paced-slots.js';
import { createSchedules, registerSearchAttributes } from './temporal-setup.js';
import { workflowBundle } from './workflow-bundle.js';

/** A request may be open for so long, plus taking its token and recording it. Nothing is ever cut off before. */
export const longestRequestMs = 30_000;
const drainMs = longestRequestMs + 5_000;

/** A first attempt holds one slot of workflow tasks and one of local activities while its request is open. */
const inlineSlots = 200;
/** Requests to slow receivers and retries wait in slots of their own; a waiting request costs little. */
const queuedSlots = 1_000;
/** Few: whatever they hold waits here for its turn instead of in the server's queue. */
const queuedPollers = 2;
/** Never below the workflow task slots, or new workflows starve behind cached ones. */
const cachedWorkflows = 250;

export interface DeliveryWorker {
  /** Resolves when the worker polls; until then (Temporal away) it goes on trying. */
  ready: Promise<void>;
  /** Rejects when the worker fails for good. */
  failed: Promise<never>;
  /** Takes no new work, lets every open request end and be recorded. */
  shutdown: () => Promise<void>;
}

export interface DeliveryWorkerDeps {
  config: Config;
  log: Logger;
  activities: Omit<ActivityDeps, 'startMessage' | 'deliverTaskQueue'>;
  /** Called with a client whose starts are eager: the first workflow task comes with the answer. */
  onConnected?: (client: Client, options: StartOptions) => void;
}

let isRuntimeInstalled = false;

/** Once a process, before the first connection: our logger, no signal handlers of its own, metrics where asked for. */
export function installRuntime({ metricsAddress }: { metricsAddress?: string }, log: Logger): void {
  if (isRuntimeInstalled) return;
  isRuntimeInstalled = true;
  const at = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: object) =>
    log[level](meta ?? {}, message);
  // The worker tells its states at INFO; to us they are details.
  const warnings = (message: string, meta?: object) =>
    log[isExpected(message, meta) ? 'debug' : 'warn'](meta ?? {}, message);
  const logger = { trace: at('trace'), debug: at('debug'), info: at('debug'), warn: warnings, error: at('error') };
  Runtime.install({
    shutdownSignals: [],
    logger: {
      ...logger,
      log: (level, message, meta) => logger[level.toLowerCase() as keyof typeof logger](message, meta),
    },
    telemetryOptions: {
      logging: { filter: 'temporalio_sdk_core=ERROR', forward: {} },
      ...(metricsAddress ? { metrics: { prometheus: { bindAddress: metricsAddress } } } : {}),
    },
  });
}

/** What the SDK warns of and we do on purpose. */
function isExpected(message: string, meta?: { workflowType?: string }): boolean {
  // A delivery that was given up is no fault of ours, and its attempts are logged.
  if (message === 'Workflow failed') return meta?.workflowType === 'deliverEvent';
  return message.startsWith('No workflows registered');
}

/** Connects in the background and goes on trying while Temporal is away; returns at once. */
export function startDeliveryWorker(deps: DeliveryWorkerDeps): DeliveryWorker {
  installRuntime(deps.config.temporal, deps.log);
  const stop = new AbortController();
  let workers: Worker[] = [];
  let connection: NativeConnection | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let fail: (error: unknown) => void;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);

  const ready = (async () => {
    const bundle = await workflowBundle(deps.log);
    connection = await connectPatiently(deps, stop.signal);
    if (!connection) return;
    workers = await createWorkers(deps, connection, bundle);
    // Also when we were told to stop meanwhile: a worker lets go of its connection only by running and being shut down.
    running = Promise.all(workers.map((worker) => worker.run()));
    running.catch((error: unknown) => fail(error));
    deps.log.info({ address: deps.config.temporal.address, taskQueue: deps.config.temporal.taskQueue }, 'worker.ready');
  })();
  ready.catch((error: unknown) => fail(error));

  return {
    ready,
    failed,
    async shutdown() {
      stop.abort();
      await ready.catch(() => undefined);
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await running.catch(() => undefined);
      await connection?.close();
    },
  };
}

async function connectPatiently(
  { config, log }: DeliveryWorkerDeps,
  signal: AbortSignal,
): Promise<NativeConnection | undefined> {
  const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  for (let waitMs = 500; !signal.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      const connecting = connectWorker(config.temporal);
      const connection = await Promise.race([connecting, stopped]);
      // It cannot be broken off, and at a server that is silent takes half a minute.
      if (!connection) connecting.then((late) => late.close()).catch(() => undefined);
      return connection;
    } catch (error) {
      if (waitMs === 500) log.warn({ error, address: config.temporal.address }, 'temporal.unreachable: trying on');
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

async function createWorkers(
  deps: DeliveryWorkerDeps,
  connection: NativeConnection,
  bundle: Awaited<ReturnType<typeof workflowBundle>>,
): Promise<Worker[]> {
  const { namespace, taskQueue } = deps.config.temporal;
  const deliverTaskQueue = `${taskQueue}-deliver`;
  const client = new Client({ connection, namespace });
  const options: StartOptions = { taskQueue, eager: true };
  await registerSearchAttributes(connection, namespace, deps.log);
  const activities = createActivities({
    ...deps.activities,
    deliverTaskQueue,
    startMessage: (message) => startMessage(client, message, options),
  });
  const common = { connection, namespace, activities, shutdownGraceTime: drainMs };
  const workers = [
    await Worker.create({
      ...common,
      taskQueue,
      workflowBundle: bundle,
      maxConcurrentWorkflowTaskExecutions: inlineSlots,
      maxConcurrentLocalActivityExecutions: inlineSlots,
      maxCachedWorkflows: cachedWorkflows,
    }),
    await Worker.create({
      ...common,
      taskQueue: deliverTaskQueue,
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: queuedPollers },
      tuner: {
        activityTaskSlotSupplier: pacedSlots(queuedSlots, deps.activities.pace),
        // That queue has no other tasks.
        workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 2 },
        localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
        nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      },
    }),
  ];
  await createSchedules(client, taskQueue, { messages: deps.activities.twilio !== undefined });
  deps.onConnected?.(client, options);
  return workers;
}
