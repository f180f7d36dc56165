import type { Activities } from '../../activities/index.js';

/** They take minutes and work in batches; the next run goes on where one was broken off. */
const endless = ['sweep', 'expire', 'reconcileMessages', 'settleWebhook'] as const satisfies (keyof Activities)[];

/**
 * The same activities, but those that take long end when the process stops, by failing: Temporal gives them to another
 * worker. The batch under way goes on as long as the database is open.
 */
export function endingWith(stopping: AbortSignal, activities: Activities): Activities {
  const ended: Record<string, unknown> = { ...activities };
  for (const name of endless) {
    const run = activities[name] as (...input: unknown[]) => Promise<unknown>;
    ended[name] = (...input: unknown[]) => {
      const work = run(...input);
      return new Promise((resolve, reject) => {
        const stop = () => reject(new Error('this process stops; another worker goes on'));
        if (stopping.aborted) stop();
        stopping.addEventListener('abort', stop, { once: true });
        work.then(resolve, reject).finally(() => stopping.removeEventListener('abort', stop));
      });
    };
  }
  return ended as Activities;
}
