import type { Logger } from './log.js';

/**
 * Closes all, one after the other, the last opened first. A failure does not stop the others; it rejects at the end if
 * any failed. Idempotent.
 */
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

/** Waits for all to settle, then rejects if one did. */
export async function allOf(work: (Promise<unknown> | undefined)[]): Promise<void> {
  const begun = work.filter((each) => each !== undefined);
  await Promise.allSettled(begun);
  await Promise.all(begun);
}
