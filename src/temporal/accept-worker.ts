import { Worker, type NativeConnection, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { isSealed, payloadKeyId, sealedPayload } from '../encryption/event-codec.js';
import { acceptTaskQueue, isSealedEvent, type SealedEvent } from '../../workflows/contract/accept-event.js';

/** More would not help: Temporal hands the events out no faster. */
const maxConcurrency = 10;
/** Share of the process' connections to Postgres. The API may use half of them; the rest is left to deliveries. */
const shareOfConnections = 0.2;
/** Workflow tasks only schedule the activity. */
const workflowTasks = 10;
const cachedWorkflows = 50;

/** How many events one process stores at a time. Each holds a slot and a connection, even while Postgres is away. */
export const acceptSlots = (databasePoolSize: number): number =>
  Math.max(1, Math.min(maxConcurrency, Math.floor(databasePoolSize * shareOfConnections)));

/**
 * A separate worker for `acceptEvent`, on its own task queue. However many events wait, they use neither the slots of
 * deliveries nor more than their share of connections. They wait in Temporal, which serves tenants in turn.
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
 * Hands sealed payloads to the workflow and on to the activity as they are, under their key id. Nothing is opened on
 * the way, so a payload that no key opens fails in the activity, with a named error, and not in the workflow task.
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
