/**
 * Shares one check among all callers that come while it runs or within `forMs` after its result, so that its cost does
 * not grow with the number of callers. A failure is shared like a result.
 */
export function shareLook<T>(look: () => Promise<T>, forMs: number): () => Promise<T> {
  let shared: Promise<T> | undefined;
  let staleAt = Infinity;
  return () => {
    if (shared && performance.now() < staleAt) return shared;
    staleAt = Infinity;
    const asked = look();
    shared = asked;
    const answered = () => (staleAt = performance.now() + forMs);
    asked.then(answered, answered);
    return asked;
  };
}
