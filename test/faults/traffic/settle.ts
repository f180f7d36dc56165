import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Receivers } from '../receivers/receivers.js';
import { enableIfDisabled } from './actions.js';
import type { Api } from './api.js';
import type { Tenant } from './tenants.js';

export interface Quiet {
  /** When nothing was open any more; undefined: it was not within the time. */
  at: number | undefined;
  /** What was left then. */
  pending: number;
  held: number;
  openRequests: number;
}

/** What is stuck does not get less; a backlog does, however slow the machine is. */
const noProgressMs = 120_000;

/**
 * Resumes what is paused or disabled and waits until nothing is pending, held or open, twice in a row; gives up when it
 * has not become less for two minutes. A call of a tenant that hung in a frozen process may pause once more, so it looks
 * again all the time.
 */
export async function waitUntilQuiet(
  { api, tenants, receivers, pool }: { api: Api; tenants: readonly Tenant[]; receivers: Receivers; pool: Pool },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Quiet> {
  const deadline = Date.now() + timeoutMs;
  let wasQuiet = false;
  let least = Infinity;
  let leastAt = Date.now();
  for (;;) {
    for (const { webhooks } of tenants)
      for (const webhook of webhooks.filter(({ deleted }) => !deleted))
        await enableIfDisabled({ api, signal }, webhook);
    const { rows } = await pool.query<{ pending: number; held: number }>(
      `select (count(*) filter (where status = 'pending'))::int as pending, (count(*) filter (where status = 'held'))::int as held
         from webhook_deliveries where status in ('pending', 'held')`,
    );
    const { pending, held } = rows[0]!;
    const openRequests = await receivers.openRequests();
    const left = pending + held + openRequests;
    if (left < least) [least, leastAt] = [left, Date.now()];
    const isQuiet = left === 0;
    if (isQuiet && wasQuiet) return { at: Date.now(), pending, held, openRequests };
    wasQuiet = isQuiet;
    if (Date.now() > Math.min(deadline, leastAt + noProgressMs) || signal.aborted)
      return { at: undefined, pending, held, openRequests };
    await delay(1_000);
  }
}
