import { setTimeout as delay } from 'node:timers/promises';
import { ShutdownError, type Worker } from '@temporalio/worker';

type Poll = () => Promise<Buffer>;

/** More polls than the native part needs to notice the shutdown; after that the SDK handles the failure its own way. */
const maxPolls = 100;
const retryDelayMs = 50;

/**
 * Polls that are refused for a minute (no such namespace, no permission) are fatal to the SDK: it drops the worker
 * without answering its tasks, and never frees its native part, thread and connection (25 MB each; SDK 1.24). This
 * turns the failure into a shutdown: `run` then resolves when all tasks are answered and everything is freed. Call it
 * before `run`. It reports each failure.
 *
 * It patches an internal of the SDK. If that internal is missing, nothing changes, and such a worker ends as FAILED.
 */
export function stopOnPollFailure(worker: Worker, onFailure: (error: Error) => void): void {
  const { nativeWorker } = worker as unknown as { nativeWorker?: Record<string, Poll | undefined> };
  for (const name of ['pollWorkflowActivation', 'pollActivityTask']) {
    const poll = nativeWorker?.[name];
    if (nativeWorker && poll) nativeWorker[name] = () => pollUntilShutDown(poll);
  }

  async function pollUntilShutDown(poll: Poll): Promise<Buffer> {
    for (let polls = 1; ; polls++) {
      try {
        return await poll();
      } catch (error) {
        if (error instanceof ShutdownError || polls === maxPolls) throw error;
        onFailure(error as Error);
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await delay(retryDelayMs);
      }
    }
  }
}
