import { setTimeout as delay } from 'node:timers/promises';
import { drainMs } from '../../workflows/contract/time-budget.js';
import type { Logger } from '../log.js';
import type { Service } from './open-service.js';

/** Resolves to false if something still hangs after the longest time a shutdown may take. Rejects if a part fails. */
export async function closeInTime(service: Service, log: Logger): Promise<boolean> {
  const done = new AbortController();
  // Not unref'd: with nothing else alive, the process would exit here by itself, with another exit code.
  const late = delay(drainMs, false, { signal: done.signal });
  const isClosed = await Promise.race([service.close().then(() => true), late]).finally(() => done.abort());
  if (!isClosed)
    log.error({ afterMs: drainMs }, 'process.drain_too_long: open requests are cut off; no accepted event is lost');
  return isClosed;
}
