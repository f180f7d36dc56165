import { allWebhooks, groupBy, isSuccess, type Evidence, type Violation } from './evidence.js';

export interface Lost {
  violations: Violation[];
  /** Deliveries by their final status. */
  statuses: Record<string, number>;
  lost: number;
  stuck: number;
}

/**
 * For each accepted event and each webhook that was subscribed to it before, during and after the trigger: the delivery
 * was received and answered 2xx, or ended for a reason that the log shows. Nothing is pending or held once all is
 * quiet.
 */
export function nothingLost(evidence: Evidence): Lost {
  const violations: Violation[] = [];
  const violate = (invariant: string, text: string, deliveryIds: string[] = [], at?: number) =>
    violations.push({ invariant, text, deliveryIds, ...(at !== undefined && { at: { from: at, to: at } }) });
  const requestsOf = groupBy(evidence.requests, ({ deliveryId }) => deliveryId);
  const attemptsOf = groupBy(evidence.attempts, ({ deliveryId }) => deliveryId);
  const webhooks = new Map(allWebhooks(evidence).map((webhook) => [webhook.id, webhook]));

  for (const name of evidence.neverAccepted) violate('accepts', `${name} was never accepted, although all was healthy`);
  for (const { tenant, type, eventId, firstSentAt, acceptedAt, deliveries } of evidence.accepted) {
    const answered = new Set(deliveries.map(({ webhookId }) => webhookId));
    for (const { id, plan, createdAt, deleted } of tenant.webhooks) {
      if (!plan.events.includes(type) || createdAt > firstSentAt || (deleted && deleted.startedAt < acceptedAt))
        continue;
      if (!answered.has(id)) violate('lost', `${type} ${eventId} has no delivery to ${plan.label}`, [], firstSentAt);
    }
    for (const { id } of deliveries)
      if (!evidence.deliveries.has(id))
        violate('lost', `delivery ${id} of ${type} ${eventId} was returned, but is not in Postgres`, [id], acceptedAt);
  }
  for (const { deliveryId, sentAt } of evidence.actions.tests)
    if (!evidence.deliveries.has(deliveryId))
      violate('lost', `test ${deliveryId} was returned, but is not in Postgres`, [deliveryId], sentAt);

  const statuses: Record<string, number> = {};
  let stuck = 0;
  for (const row of evidence.deliveries.values()) {
    const { id, status, webhookId, createdAt } = row;
    statuses[status] = (statuses[status] ?? 0) + 1;
    const webhook = webhooks.get(webhookId);
    const label = webhook?.plan.label ?? `webhook ${webhookId}`;
    const received = requestsOf.get(id) ?? [];
    const attempts = attemptsOf.get(id) ?? [];
    switch (status) {
      case 'delivered':
        if (!received.some(isSuccess))
          violate('lost', `delivery ${id} to ${label} is delivered, but no receiver answered 2xx`, [id], createdAt);
        break;
      case 'failed':
        if (attempts.length === 0 || attempts.at(-1)!.errorClass === null)
          violate('lost', `delivery ${id} to ${label} is failed, but its last attempt is not`, [id], createdAt);
        if (webhook?.plan.role === 'neighbour')
          violate('lost', `delivery ${id} to ${label} is failed, but its receiver was always healthy`, [id], createdAt);
        break;
      case 'cancelled':
        if (webhook && !webhook.deleted)
          violate('lost', `delivery ${id} to ${label} is cancelled, but nobody deleted the webhook`, [id], createdAt);
        break;
      case 'pending':
      case 'held': {
        stuck++;
        const why = [
          `attempts ${row.attemptCount}`,
          `due ${time(row.dueAt)}`,
          `next ${time(row.nextAttemptAt)}`,
          `in flight until ${time(row.inFlightUntil)}`,
          `holds token ${row.holdsToken}`,
          `accepted as ${row.acceptedAs}`,
          `workflow started ${time(row.workflowStartedAt)}`,
        ];
        violate('stuck', `delivery ${id} to ${label} is still ${status}: ${why.join(', ')}`, [id], createdAt);
        break;
      }
      default:
        violate('lost', `delivery ${id} to ${label} is ${status}`, [id], createdAt);
    }
  }
  const lost = violations.filter(({ invariant }) => invariant === 'lost').length;
  return { violations, statuses, lost, stuck };
}

const time = (ms: number | null): string => (ms === null ? 'never' : new Date(ms).toISOString());
