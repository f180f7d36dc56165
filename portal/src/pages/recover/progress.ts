import type { Recovery } from '../../../../src/client/api-types.js';

/** How many of a recovery were not made pending yet, are on their way, and have ended. */
export function progressOf(recovery: Pick<Recovery, 'total' | 'requeued' | 'delivered' | 'failed'>) {
  const { total, requeued, delivered, failed } = recovery;
  const ended = delivered + failed;
  // More than were counted, where counting was given up; fewer, where some were retried by hand.
  return { waiting: Math.max(0, total - requeued), onTheirWay: Math.max(0, requeued - ended), ended };
}
