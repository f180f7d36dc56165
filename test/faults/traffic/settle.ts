import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Receivers } from '../receivers/receivers.js';
import { enableIfDisabled } from './actions.js';
import type { Api } from './api.js';
import type { Tenant } from './tenants.js';

export interface Quiet {
  /** When nothing was open any more; undefined: not in time. */
  at: number | undefined;
  /** How many were left then. */
  pending: number;
  held: number;
  openRequests: number;
}

/** Stuck deliveries do not become fewer; a backlog does, however slow the machine is. */
const noProgressMs = 120_000;

/**
 * Resumes webhooks that are paused or disabled, and waits until nothing is pending, held or open, twice in a row. Gives
 * up when the number has not gone down for two minutes. A tenant's call that hung in a frozen process may pause a
 * webhook again, so each round checks them all.
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
