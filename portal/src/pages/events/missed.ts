import type { EventDetail, Webhook } from '../../../../src/client/api-types.js';

type SomeEvent = Pick<EventDetail, 'event_type' | 'created_at' | 'body' | 'deliveries'>;

/** A webhook that did not get an event. */
export interface Missed {
  webhookId: number;
  reason: string;
  /** Its filter may be why. */
  hasFilter: boolean;
}

/** Why webhooks have no delivery of an event: those that subscribe to its type now, and the others. */
export function missedBy(
  event: SomeEvent,
  webhooks: readonly Webhook[],
): { subscribed: Missed[]; others: readonly Webhook[] } {
  const got = new Set(event.deliveries.map(({ webhook_id: id }) => id));
  const without = webhooks.filter(({ id }) => !got.has(id));
  const subscribed = without.filter(({ events }) => events.includes('*') || events.includes(event.event_type));
  return {
    subscribed: subscribed.map((webhook) => ({
      webhookId: webhook.id,
      reason: reasonOf(event, webhook),
      hasFilter: webhook.filter !== null && !isEarlier(event.created_at, webhook.created_at),
    })),
    others: without.filter((webhook) => !subscribed.includes(webhook)),
  };
}

function reasonOf(event: SomeEvent, webhook: Webhook): string {
  if (isEarlier(event.created_at, webhook.created_at)) return 'It was created after this event.';
  if (isAbout(event, webhook.id)) return 'The event is about this webhook itself: only others are told.';
  const isChanged = isEarlier(event.created_at, webhook.updated_at);
  if (webhook.filter !== null)
    return isChanged
      ? 'Its filter did not let the event pass, or it was changed since then: it did not subscribe to this type at that time, or had another filter.'
      : 'Its filter did not let the event pass.';
  return isChanged
    ? 'It was changed since then: it did not subscribe to this type at that time, or had a filter.'
    : 'It subscribed to this type at that time, and should have got it. Tell your platform.';
}

const isEarlier = (a: string, b: string): boolean => Date.parse(a) < Date.parse(b);

/** Changes of a webhook's health go to the tenant's other webhooks. */
function isAbout({ event_type: type, body }: SomeEvent, webhookId: number): boolean {
  return type.startsWith('webhook.') && dataOf(body)?.['webhook_id'] === webhookId;
}

/** What the source gave; null: it is not there, or hidden. */
export function dataOf(body: string | null): Record<string, unknown> | null {
  if (body === null) return null;
  return (JSON.parse(body) as { data: Record<string, unknown> }).data;
}

/** The page that has this one event sent to a webhook that missed it. */
export function recoverLink(event: SomeEvent, webhookId: number): string {
  const until = new Date(Date.parse(event.created_at) + 1).toISOString();
  const parameters = new URLSearchParams({
    webhook: String(webhookId),
    statuses: '',
    include_missing: 'true',
    event_types: event.event_type,
    since: event.created_at,
    until,
  });
  return `recover?${parameters}`;
}
