import { counted, percent } from '../../text/numbers.js';
import { duration } from '../../text/times.js';
import type { components } from '../../../../src/client/api-types.js';

type Tenant = components['schemas']['TenantOverview'];

export interface Trouble {
  tone: 'bad' | 'warn';
  text: string;
}

/** By then most receivers that were down for a moment are up again. */
const longWaitMs = 15 * 60_000;
const failingShare = 0.05;

/** What an operator should look at, the worst first. */
export function troublesOf(tenant: Tenant, now = new Date()): Trouble[] {
  const {
    disabled_webhooks: disabled,
    failing_webhooks: failing,
    oldest_pending_at: oldest,
    last_24_hours: day,
  } = tenant;
  const waitedMs = oldest === null ? 0 : now.getTime() - new Date(oldest).getTime();
  const failed = day.failed + day.expired;
  const ended = failed + day.delivered;
  const troubles: (Trouble | false)[] = [
    disabled > 0 && { tone: 'bad', text: `${counted(disabled, 'webhook')} disabled` },
    failing > 0 && { tone: 'warn', text: `${counted(failing, 'webhook')} failing` },
    failed > 0 && failed / ended >= failingShare && { tone: 'warn', text: `${percent(failed, ended)} failed` },
    waitedMs >= longWaitMs && { tone: 'warn', text: `waiting for ${duration(waitedMs)}` },
  ];
  return troubles.filter((trouble) => trouble !== false);
}
