import type { Logger } from './log.js';

/** Closes all, the last opened first, each when the one before has closed or failed to. Rejects in the end if any failed. Safe to repeat. */
export async function closeAll(closers: (() => Promise<unknown>)[], log: Logger): Promise<void> {
  const errors: unknown[] = [];
  for (const closer of closers.splice(0).reverse())
    try {
      await closer();
    } catch (error) {
      log.error({ error }, 'process.part_not_closed');
      errors.push(error);
    }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} parts of this process did not close`);
}

/** Waits for all, whatever becomes of any; then rejects if one did. */
export async function allOf(work: (Promise<unknown> | undefined)[]): Promise<void> {
  const begun = work.filter((each) => each !== undefined);
  await Promise.allSettled(begun);
  await Promise.all(begun);
}
