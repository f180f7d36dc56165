import { setTimeout as delay } from 'node:timers/promises';
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Life } from './keep-running.js';
import { stopOnPollFailure } from './poll-failure.js';

/** A worker that the SDK has given up on may never report it, so its state is polled. */
const stateEveryMs = 1_000;
/** A worker that has failed frees what it holds within this time, or never. */
const failedTimeoutMs = 10_000;

/** Runs the workers, which share the connection, until one ends by itself or `stop` is called; then all of them end. */
export function startLife(workers: Worker[], connection: NativeConnection, maxStopMs: number): Life {
  let end: (reason: unknown) => void;
  const ended = new Promise<unknown>((resolve) => (end = resolve));
  const runs = workers.map((worker) => {
    stopOnPollFailure(worker, end);
    return runToTheEnd(worker, end);
  });
  let stopping: Promise<boolean> | undefined;
  return {
    ended,
    stop: () =>
      (stopping ??= (async () => {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        const timedOut = delay(maxStopMs, [false], { ref: false });
        const isAllFreed = (await Promise.race([Promise.all(runs), timedOut])).every(Boolean);
        // This fails as long as a worker holds the connection.
        return connection.close().then(
          () => isAllFreed,
          () => false,
        );
      })()),
  };
}

/** Resolves to true when the worker has freed all it held; to false if it failed and does not free it. */
async function runToTheEnd(worker: Worker, onEnd: (reason: unknown) => void): Promise<boolean> {
  const run = worker.run().then(
    () => {
      onEnd(new Error('the worker stopped by itself'));
      return true;
    },
    (error: unknown) => {
      onEnd(error);
      return false;
    },
  );
  const isOver = new AbortController();
  const watch = async () => {
    const { signal } = isOver;
    while (!['FAILED', 'STOPPED'].includes(worker.getState())) await delay(stateEveryMs, undefined, { signal });
    onEnd(new Error(`the worker's state is ${worker.getState()}`));
    await delay(failedTimeoutMs, undefined, { signal });
    return false;
  };
  const isFreed = await Promise.race([run, watch().catch(() => run)]);
  isOver.abort();
  return isFreed;
}
