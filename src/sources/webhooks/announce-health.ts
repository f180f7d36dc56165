import type { Logger } from 'pino';
import { listHealthChanges, takeHealthChange, type HealthChange, type HealthState } from '../../db/webhook-health.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';

type Deps = TriggerDeps & { log: Logger };

const eventTypeOf = {
  failing: 'webhook.failing',
  healthy: 'webhook.recovered',
  disabled: 'webhook.disabled',
} as const satisfies Record<HealthState, string>;

/** Few enough that a sweep still has time for deliveries; the next sweep accepts the rest. */
const maxLeftOver = 500;
const maxOfWebhook = 10;

/**
 * Notifies the tenant's other webhooks of changes of a webhook's health. Call it after such a change is committed.
 * Never fails: the change is kept until its event is accepted, and the sweeper does what is left.
 */
export async function announceHealth(deps: Deps, webhookId: number): Promise<void> {
  try {
    await announceAll(deps, await listHealthChanges(deps.db, webhookId, maxOfWebhook));
  } catch (error) {
    deps.log.warn({ error, webhook: webhookId }, 'webhook.health_not_announced: its event follows later');
  }
}

/** For changes whose process ended before it announced them. Safe to repeat, and to run in several processes. */
export const announceLeftOver = async (deps: Deps): Promise<void> =>
  announceAll(deps, await listHealthChanges(deps.db, null, maxLeftOver));

async function announceAll(deps: Deps, ids: string[]): Promise<void> {
  for (const id of ids) {
    // The change is deleted where its event is accepted: neither is lost, and no event is accepted twice.
    const change = await recordWithEvents(deps, async (tx, trigger) => {
      const taken = await takeHealthChange(tx, id);
      if (taken) await trigger(eventOf(taken), { aboutWebhookId: taken.webhookId });
      return taken;
    });
    if (change) logChange(deps.log, change);
  }
}

const eventOf = ({ id, tenantId, webhookId, state, url, since, reason, consecutiveFailures }: HealthChange) => ({
  tenantId,
  eventType: eventTypeOf[state],
  eventId: `webhook_${webhookId}_health_${id}`,
  occurredAt: since,
  payload: { webhook_id: webhookId, url, since, reason, consecutive_failures: consecutiveFailures },
});

function logChange(log: Logger, { tenantId, webhookId, state, reason, consecutiveFailures }: HealthChange): void {
  const level = state === 'healthy' ? 'info' : 'warn';
  log[level]({ tenant: tenantId, webhook: webhookId, consecutiveFailures, reason }, eventTypeOf[state]);
}
