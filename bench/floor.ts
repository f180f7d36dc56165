/**
 * The floor, a process of its own (started by floor-process.ts): a plain client starts bare workflows with one empty
 * normal activity, and a worker with default options runs them. Nobody waits for results: a workflow counts as done
 * when its activity runs, just as a delivery counts as done when its request arrives.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { monotonicMs } from './clock.js';
import { closedLoop, openLoop, type ClosedLoad, type ClosedLoadResult, type OpenLoad } from './load.js';
import { waitFor } from '../test/support/wait-for.js';

export type FloorRequest = { open: OpenLoad } | { closed: ClosedLoad };
export type FloorMessage =
  | { ready: true }
  | { edge: 'begin' | 'end' }
  | { opened: { plannedMs: number[]; activityMs: number[] } }
  | { closed: ClosedLoadResult }
  | { failed: string };

const env = (name: string) => process.env[name] ?? '';
const namespace = env('TEMPORAL_NAMESPACE');
const taskQueue = env('FLOOR_TASK_QUEUE');
const send = (message: FloorMessage) => process.send?.(message);

const ran = new Map<string, number>();
const onRun = new Map<string, () => void>();
const activities = {
  async empty() {
    const id = Context.current().info.workflowExecution?.workflowId ?? '';
    ran.set(id, monotonicMs());
    onRun.get(id)?.();
  },
};
export type FloorActivities = typeof activities;

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const address = env('TEMPORAL_ADDRESS');
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  namespace,
  taskQueue,
  activities,
  workflowsPath: fileURLToPath(new URL('./floor-workflows.ts', import.meta.url)),
});
worker.run().catch((error: unknown) => {
  send({ failed: String(error) });
  process.exit(1);
});
const client = new Client({ connection: await Connection.connect({ address }), namespace });

const start = (workflowId: string) => client.workflow.start('bare', { taskQueue, workflowId });

async function open(load: OpenLoad): Promise<FloorMessage> {
  const ids = Array.from({ length: load.count }, () => `bare-${randomUUID()}`);
  const { plannedMs } = await openLoop(load, (index) => start(ids[index]!));
  await waitFor(() => ids.every((id) => ran.has(id)), {
    what: 'the activities of bare workflows',
    intervalMs: 50,
    timeoutMs: 180_000,
  });
  const activityMs = ids.map((id) => ran.get(id)!);
  ran.clear();
  return { opened: { plannedMs, activityMs } };
}

async function closed(load: ClosedLoad): Promise<FloorMessage> {
  const result = await closedLoop(
    load,
    async () => {
      const id = `bare-${randomUUID()}`;
      const running = new Promise<void>((resolve) => onRun.set(id, resolve));
      await start(id);
      await running;
      onRun.delete(id);
    },
    (edge) => send({ edge }),
  );
  ran.clear();
  return { closed: result };
}

process.on('message', (request: FloorRequest) => {
  const reply = 'open' in request ? open(request.open) : closed(request.closed);
  reply.then(send, (error: unknown) => send({ failed: error instanceof Error ? error.message : String(error) }));
});
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);
send({ ready: true });
