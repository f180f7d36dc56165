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
export const announceHealth = (deps: Deps, webhookId: number): Promise<void> => announce(deps, webhookId, maxOfWebhook);

/** For changes whose process ended before it announced them. Safe to repeat, and to run in several processes. */
export const announceLeftOver = (deps: Deps): Promise<void> => announce(deps, null, maxLeftOver);

async function announce(deps: Deps, webhookId: number | null, limit: number): Promise<void> {
  const notYet = (error: unknown, change?: string) =>
    deps.log.warn({ error, webhook: webhookId, change }, 'webhook.health_not_announced: its event follows later');
  const ids = await listHealthChanges(deps.db, webhookId, limit).catch((error: unknown) => {
    notYet(error);
    return [];
  });
  // One that cannot be announced holds up neither the others nor a sweep.
  for (const id of ids) await announceOne(deps, id).catch((error: unknown) => notYet(error, id));
}

async function announceOne(deps: Deps, id: string): Promise<void> {
  // The change is deleted where its event is accepted: neither is lost, and no event is accepted twice.
  const change = await recordWithEvents(deps, async (tx, trigger) => {
    const taken = await takeHealthChange(tx, id);
    if (taken) await trigger(eventOf(taken), { aboutWebhookId: taken.webhookId });
    return taken;
  });
  if (change) logChange(deps.log, change);
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
