import { Worker, type NativeConnection, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { isSealed, payloadKeyId, sealedPayload } from '../encryption/event-codec.js';
import { acceptTaskQueue, isSealedEvent, type SealedEvent } from '../../workflows/contract/accept-event.js';

/** More would store no faster than Temporal hands them out. */
const mostAtOnce = 10;
/** Of the process' connections to Postgres, of which the API may have half; the others are left to deliveries. */
const shareOfConnections = 0.2;
/** Workflow tasks only schedule the activity. */
const workflowTasks = 10;
const cachedWorkflows = 50;

/** How many events one process stores at once: they hold a slot and a connection, also while Postgres is away. */
export const acceptSlots = (databasePoolSize: number): number =>
  Math.max(1, Math.min(mostAtOnce, Math.floor(databasePoolSize * shareOfConnections)));

/**
 * A worker of its own for `acceptEvent`, on a task queue of its own. However many events wait, they use neither the
 * slots of deliveries nor more than their share of connections; what waits, waits in Temporal, tenants in turn.
 */
export function createAcceptWorker(
  common: { connection: NativeConnection; namespace: string } & Pick<WorkerOptions, 'activities' | 'shutdownGraceTime'>,
  { taskQueue, bundle, slots }: { taskQueue: string; bundle: WorkflowBundleOption; slots: number },
): Promise<Worker> {
  return Worker.create({
    ...common,
    taskQueue: acceptTaskQueue(taskQueue),
    workflowBundle: bundle,
    dataConverter: { payloadCodecs: [passSealed] },
    maxConcurrentWorkflowTaskExecutions: workflowTasks,
    maxConcurrentActivityTaskExecutions: slots,
    maxCachedWorkflows: cachedWorkflows,
  });
}

/**
 * Hands sealed payloads to the workflow and on to the activity as they are, under their key id: nothing is opened on
 * the way, and one that no key opens fails in the activity, by name, instead of in the workflow task.
 */
export const passSealed: PayloadCodec = {
  decode: async (payloads) =>
    payloads.map((payload) => {
      if (!isSealed(payload)) return payload;
      const event: SealedEvent = {
        keyId: payloadKeyId(payload),
        sealed: Buffer.from(payload.data ?? []).toString('base64'),
      };
      return { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(event)) };
    }),
  encode: async (payloads) =>
    payloads.map((payload) => {
      const text = Buffer.from(payload.data ?? []).toString();
      const value: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
      return isSealedEvent(value) ? sealedPayload(value.keyId, Buffer.from(value.sealed, 'base64')) : payload;
    }),
};
