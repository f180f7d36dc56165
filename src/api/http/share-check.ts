/**
 * Shares one check among all callers that come while it runs or within `forMs` after its result, so that its cost does
 * not grow with the number of callers. A failure is shared like a result.
 */
export function shareCheck<T>(check: () => Promise<T>, forMs: number): () => Promise<T> {
  let shared: Promise<T> | undefined;
  let staleAt = Infinity;
  return () => {
    if (shared && performance.now() < staleAt) return shared;
    staleAt = Infinity;
    const pending = check();
    shared = pending;
    const finished = () => (staleAt = performance.now() + forMs);
    pending.then(finished, finished);
    return pending;
  };
}
