import type { Activities } from '../../activities/index.js';

/** These take minutes and work in batches; the next run continues where the last one was interrupted. */
const longRunning = ['sweep', 'expire', 'reconcileMessages', 'settleWebhook'] as const satisfies (keyof Activities)[];

/**
 * The same activities, but the long ones fail when the process stops, so that Temporal gives them to another worker.
 * The batch in progress continues as long as the database is open.
 */
export function rejectingOnStop(stopping: AbortSignal, activities: Activities): Activities {
  const ended: Record<string, unknown> = { ...activities };
  for (const name of longRunning) {
    const run = activities[name] as (...input: unknown[]) => Promise<unknown>;
    ended[name] = (...input: unknown[]) => {
      const work = run(...input);
      return new Promise((resolve, reject) => {
        const stop = () => reject(new Error('this process stops; another worker continues'));
        if (stopping.aborted) stop();
        stopping.addEventListener('abort', stop, { once: true });
        work.then(resolve, reject).finally(() => stopping.removeEventListener('abort', stop));
      });
    };
  }
  return ended as Activities;
}
