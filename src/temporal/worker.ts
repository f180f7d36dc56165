import { Client } from '@temporalio/client';
import { Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities, type ActivityDeps } from '../../activities/index.js';
import { deliverTaskQueueOf } from '../../workflows/contract/task-queues.js';
import { drainMs } from '../../workflows/contract/time-budget.js';
import type { Config } from '../config/service.js';
import { OnceAMinute } from '../once-a-minute.js';
import { failureProblem, temporalFailure, type TemporalProblem } from './failure.js';
import type { StartOptions } from './start-workflows.js';
import { acceptSlots, createAcceptWorker } from './accept-worker.js';
import { rejectingOnStop } from './rejecting-on-stop.js';
import { keepRunning, NotYetError, type KeptRunning, type Life } from './keep-running.js';
import { permitSlots } from './priority/permit-slots.js';
import { connectWorker } from './connection.js';
import { startLife } from './worker-life.js';
import { workflowBundle } from './bundle.js';

/** A first attempt holds one workflow task slot and one local activity slot, for a second at most. */
const workflowTaskSlots = 200;
/** Other attempts have slots of their own, where an open request costs little. */
const deliverSlots = 1_000;
/** Few, since what they have polled waits for its permit here and not in the server's queue. */
const deliverPollers = 2;
/** Never below the workflow task slots, or new workflows starve behind cached ones. */
const cachedWorkflows = 250;
/** Timeout of one call; without it, a call to a silent server would never end. */
const callDeadlineMs = 10_000;

export interface DeliveryWorker {
  /** Resolves when the worker polls for the first time. Until then (Temporal is away) it keeps retrying. */
  ready: Promise<void>;
  /** Rejects when the workflow code cannot be loaded. */
  loaded: Promise<void>;
  /** Rejects when only a new process helps: nothing is loaded, or workers failed and cannot be freed. */
  failed: Promise<never>;
  /** Why it is not running; empty while it runs. */
  readonly problems: readonly TemporalProblem[];
  /** Takes no new work, and lets every open request end and be recorded. */
  shutdown: () => Promise<void>;
}

export interface DeliveryWorkerDeps {
  config: Config;
  log: Logger;
  /** `host:port` for the SDK's metrics; absent: none are kept. */
  sdkMetricsAddress?: string | undefined;
  activities: Omit<ActivityDeps, 'deliverTaskQueue' | 'eventKeys' | 'stopping'>;
  /** Called with a client whose starts are eager: the first workflow task comes with the response. */
  onConnected?: (client: Client, options: StartOptions) => void;
  /** That client no longer works. */
  onDisconnected?: () => void;
}

let isRuntimeInstalled = false;

/** Once per process, before the first connection: our logger, no signal handlers of the SDK, metrics if configured. */
export function installRuntime(metricsAddress: string | undefined, log: Logger): void {
  if (isRuntimeInstalled) return;
  isRuntimeInstalled = true;
  const at = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: object) =>
    log[level](meta ?? {}, message);
  // The SDK logs the worker's states at INFO; to us they are details.
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

/** Whether the SDK warns of something that we do on purpose. */
function isExpected(message: string, meta?: { workflowType?: string }): boolean {
  // A delivery that was given up is not our fault, and its attempts are logged.
  if (message === 'Workflow failed') return meta?.workflowType === 'deliverEvent';
  return message.startsWith('No workflows registered');
}

/**
 * Connects in the background and returns immediately. While Temporal is away or unhealthy it keeps retrying, and
 * workers that the SDK gives up on are replaced: neither ends the process.
 */
export function startDeliveryWorker(deps: DeliveryWorkerDeps): DeliveryWorker {
  const { config, log } = deps;
  installRuntime(deps.sdkMetricsAddress, log);
  const { address, namespace, taskQueue } = config.temporal;
  const stop = new AbortController();
  const onceAMinute = new OnceAMinute();
  let connected: Client | undefined;
  let kept: KeptRunning | undefined;

  const keep = (bundle: Bundle) =>
    keepRunning({
      log,
      async open(signal) {
        const connection = await connect(deps);
        if (signal.aborted) await connection.close();
        if (signal.aborted) return undefined;
        connected = new Client({ connection, namespace });
        return openWorkers(deps, connection, bundle, stop.signal);
      },
      onUp() {
        onceAMinute.keepOnly([]);
        deps.onConnected?.(connected!, { taskQueue, eager: true });
        log.info({ address, taskQueue, acceptsEvents: (config.eventKeys ?? []).length > 0 }, 'worker.ready');
      },
      onDown(error, retryInMs) {
        deps.onDisconnected?.();
        const isAway = error instanceof NotYetError;
        if (!onceAMinute.isDue(isAway ? 'away' : 'failed')) return;
        if (isAway) log.warn({ error: error.cause, address, namespace, retryInMs }, 'temporal.unreachable: retrying');
        else
          log.error(
            { error, taskQueue, retryInMs },
            'worker.failed: it will be restarted; events are accepted meanwhile',
          );
      },
    });

  const bundling = workflowBundle(log).then((bundle) => {
    if (!stop.signal.aborted) kept = keep(bundle);
  });
  const failed = (async () => {
    await bundling;
    await kept?.spent;
    if (!kept) return new Promise<never>(() => undefined);
    throw new Error('The worker failed several times and could not be freed. Restart this process.');
  })();
  failed.catch(() => undefined);

  return {
    ready: bundling.then(() => kept?.ready),
    loaded: bundling,
    failed,
    get problems() {
      const downReason = kept?.downReason;
      if (downReason === undefined) return [];
      return [
        {
          what: 'The worker is not running: this process delivers nothing',
          remedy:
            'it restarts by itself as soon as Temporal allows; if Temporal is healthy and this persists, restart this process',
          detail: downReason,
        },
      ];
    },
    async shutdown() {
      stop.abort();
      await bundling.catch(() => undefined);
      await kept?.stop();
      await deps.activities.openRequests.idle();
    },
  };
}

type Bundle = Awaited<ReturnType<typeof workflowBundle>>;

/** Checks the namespace first, as a new worker does: a worker that is created and then fails costs a thread. */
async function connect({ config }: DeliveryWorkerDeps): Promise<NativeConnection> {
  const { namespace } = config.temporal;
  let connection: NativeConnection | undefined;
  try {
    const opened = (connection = await connectWorker(config.temporal));
    await opened.withDeadline(Date.now() + callDeadlineMs, () =>
      opened.workflowService.describeNamespace({ namespace }),
    );
    return opened;
  } catch (error) {
    await connection?.close();
    throw new NotYetError(failureProblem(temporalFailure(error), namespace).what, { cause: error });
  }
}

async function openWorkers(
  deps: DeliveryWorkerDeps,
  connection: NativeConnection,
  bundle: Bundle,
  stopping: AbortSignal,
): Promise<Life> {
  const { eventKeys = [], databasePoolSize } = deps.config;
  const { namespace, taskQueue } = deps.config.temporal;
  const deliverTaskQueue = deliverTaskQueueOf(taskQueue);
  const activities = rejectingOnStop(
    stopping,
    createActivities({ ...deps.activities, deliverTaskQueue, eventKeys, stopping }),
  );
  const common = { connection, namespace, activities, shutdownGraceTime: drainMs };
  const workers: Worker[] = [];
  try {
    // The worker without workflows comes first: if Temporal refuses it, no workflow thread was started for nothing.
    workers.push(
      await Worker.create({
        ...common,
        taskQueue: deliverTaskQueue,
        activityTaskPollerBehavior: { type: 'simple-maximum', maximum: deliverPollers },
        tuner: {
          activityTaskSlotSupplier: permitSlots(deliverSlots, deps.activities.permits),
          // That queue has only activity tasks.
          workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 2 },
          localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
          nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
        },
      }),
    );
    if (eventKeys.length > 0)
      workers.push(await createAcceptWorker(common, { taskQueue, bundle, slots: acceptSlots(databasePoolSize) }));
    workers.push(
      await Worker.create({
        ...common,
        taskQueue,
        workflowBundle: bundle,
        maxConcurrentWorkflowTaskExecutions: workflowTaskSlots,
        maxConcurrentLocalActivityExecutions: workflowTaskSlots,
        maxCachedWorkflows: cachedWorkflows,
      }),
    );
  } catch (error) {
    // A worker releases its connection only by running and being shut down.
    await startLife(workers, connection, drainMs).stop();
    throw error;
  }
  return startLife(workers, connection, drainMs);
}
