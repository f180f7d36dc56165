import { setTimeout as delay } from 'node:timers/promises';
import { drainMs } from '../../workflows/contract/time-budget.js';
import type { Logger } from '../log.js';
import type { Service } from './open-service.js';

/** Resolves to false when something still hangs after the longest time that a stop may take. Rejects when a part fails. */
export async function closeInTime(service: Service, log: Logger): Promise<boolean> {
  const done = new AbortController();
  // Not unref'd: with nothing else alive the process would end here by itself, and with another code.
  const late = delay(drainMs, false, { signal: done.signal });
  const isClosed = await Promise.race([service.close().then(() => true), late]).finally(() => done.abort());
  if (!isClosed)
    log.error({ afterMs: drainMs }, 'process.drain_too_long: what is open is cut; no accepted event is lost');
  return isClosed;
}
