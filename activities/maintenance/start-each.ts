/**
 * Starts a group at once and answers which of them run. One that Temporal always refuses must not keep the others from being
 * started; only when none of them starts it is Temporal that is away, and the first failure is thrown.
 */
export async function startEach<T>(
  group: T[],
  start: (each: T) => Promise<unknown>,
): Promise<{ started: T[]; refused: T[] }> {
  const results = await Promise.allSettled(group.map(start));
  const hasStarted = (_: T, i: number) => results[i]!.status === 'fulfilled';
  const failure = results.find((result) => result.status === 'rejected');
  const started = group.filter(hasStarted);
  if (failure && started.length === 0) throw failure.reason;
  return { started, refused: group.filter((each, i) => !hasStarted(each, i)) };
}
