import { setTimeout as delay } from 'node:timers/promises';
import { ShutdownError, type Worker } from '@temporalio/worker';

type Poll = () => Promise<Buffer>;

/** More than the native part needs to see that it is told to stop; after that the SDK does as it likes. */
const mostPolls = 100;
const pauseMs = 50;

/**
 * Polls that are refused for a minute (no such namespace, no permission) are fatal to the SDK: it drops the worker where
 * it stands, its tasks unanswered and its native part, thread and connection never freed (25 MB each; SDK 1.24). This
 * makes a shutdown of it: `run` then resolves when all is answered and freed. Before `run`. Reports each failure.
 *
 * The place is inside of the SDK. Where it is not there, nothing is changed and such a worker ends as FAILED.
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
        if (error instanceof ShutdownError || polls === mostPolls) throw error;
        onFailure(error as Error);
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await delay(pauseMs);
      }
    }
  }
}
