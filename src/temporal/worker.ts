import { Client } from '@temporalio/client';
import { Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities, type ActivityDeps } from '../../activities/index.js';
import type { Config } from '../config/service.js';
import { OnceAMinute } from '../once-a-minute.js';
import { failureProblem, temporalFailure, type TemporalProblem } from './failure.js';
import type { StartOptions } from './start-workflows.js';
import { endingWith } from './ending-with.js';
import { keepRunning, NotYetError, type KeptRunning, type Life } from './keep-running.js';
import { pacedSlots } from './paced-slots.js';
import { connectWorker } from './connection.js';
import { startLife } from './worker-life.js';
import { workflowBundle } from './bundle.js';

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
/** One call's longest wait; by itself it would have no end at a server that is silent. */
const callDeadlineMs = 10_000;

export interface DeliveryWorker {
  /** Resolves when the worker polls for the first time; until then (Temporal away) it goes on trying. */
  ready: Promise<void>;
  /** Rejects when the workflow code cannot be loaded. */
  loaded: Promise<void>;
  /** Rejects when only a new process helps: nothing is loaded, or workers failed and cannot be freed. */
  failed: Promise<never>;
  /** Why it does not run at present; empty while it does. */
  readonly problems: readonly TemporalProblem[];
  /** Takes no new work, lets every open request end and be recorded. */
  shutdown: () => Promise<void>;
}

export interface DeliveryWorkerDeps {
  config: Config;
  log: Logger;
  activities: Omit<ActivityDeps, 'deliverTaskQueue'>;
  /** Called with a client whose starts are eager: the first workflow task comes with the answer. */
  onConnected?: (client: Client, options: StartOptions) => void;
  /** That client leads nowhere from now on. */
  onDisconnected?: () => void;
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

/**
 * Connects in the background and returns at once. While Temporal is away or sick it goes on trying, and workers that the
 * SDK gives up are made anew: neither ends the process.
 */
export function startDeliveryWorker(deps: DeliveryWorkerDeps): DeliveryWorker {
  const { config, log } = deps;
  installRuntime(config.temporal, log);
  const { address, namespace, taskQueue } = config.temporal;
  const stop = new AbortController();
  const said = new OnceAMinute();
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
        return openWorkers(deps, connected, connection, bundle, stop.signal);
      },
      onUp() {
        said.keepOnly([]);
        deps.onConnected?.(connected!, { taskQueue, eager: true });
        log.info({ address, taskQueue }, 'worker.ready');
      },
      onDown(error, retryInMs) {
        deps.onDisconnected?.();
        const isAway = error instanceof NotYetError;
        if (!said.isDue(isAway ? 'away' : 'failed')) return;
        if (isAway) log.warn({ error: error.cause, address, namespace, retryInMs }, 'temporal.unreachable: trying on');
        else
          log.error({ error, taskQueue, retryInMs }, 'worker.failed: it is made anew; events are accepted meanwhile');
      },
    });

  const bundling = workflowBundle(log).then((bundle) => {
    if (!stop.signal.aborted) kept = keep(bundle);
  });
  const failed = (async () => {
    await bundling;
    await kept?.spent;
    if (!kept) return new Promise<never>(() => undefined);
    throw new Error('The worker failed several times and could not be freed. Start this process anew.');
  })();
  failed.catch(() => undefined);

  return {
    ready: bundling.then(() => kept?.ready),
    loaded: bundling,
    failed,
    get problems() {
      const trouble = kept?.trouble;
      if (trouble === undefined) return [];
      return [
        {
          what: 'The worker does not run: this process delivers nothing',
          remedy:
            'it is made anew by itself as soon as Temporal lets it; where Temporal is well and this lasts, start this process anew',
          detail: trouble,
        },
      ];
    },
    async shutdown() {
      stop.abort();
      await bundling.catch(() => undefined);
      await kept?.stop();
    },
  };
}

type Bundle = Awaited<ReturnType<typeof workflowBundle>>;

/** What a worker asks for when it is made is asked for before: one that is made in vain costs a thread. */
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
  client: Client,
  connection: NativeConnection,
  bundle: Bundle,
  stopping: AbortSignal,
): Promise<Life> {
  const { namespace, taskQueue } = deps.config.temporal;
  const deliverTaskQueue = `${taskQueue}-deliver`;
  const activities = endingWith(stopping, createActivities({ ...deps.activities, deliverTaskQueue }));
  const common = { connection, namespace, activities, shutdownGraceTime: drainMs };
  const workers: Worker[] = [];
  try {
    // First the one without workflows: if Temporal refuses it, no thread for workflows has been started in vain.
    workers.push(
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
    );
    workers.push(
      await Worker.create({
        ...common,
        taskQueue,
        workflowBundle: bundle,
        maxConcurrentWorkflowTaskExecutions: inlineSlots,
        maxConcurrentLocalActivityExecutions: inlineSlots,
        maxCachedWorkflows: cachedWorkflows,
      }),
    );
  } catch (error) {
    // A worker lets go of its connection only by running and being shut down.
    await startLife(workers, connection, drainMs).stop();
    throw error;
  }
  return startLife(workers, connection, drainMs);
}
