/**
 * Asks once for all who want to know in the same moment, and for those who come within `forMs` after the answer: what
 * it costs does not grow with the number of those who ask. A failure is shared like an answer.
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
