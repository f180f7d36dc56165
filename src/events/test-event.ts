import { randomUUID } from 'node:crypto';
import { findDelivery, type Delivery } from '../db/deliveries.js';
import { insertTestEvent } from '../db/events.js';
import { findWebhook, notVerified } from '../db/webhooks.js';
import { renderBody } from '../delivery/body.js';
import { findEventType, type EventType } from './event-types.js';
import type { TriggerDeps } from './trigger.js';

/**
 * Sends the catalogue's example of an event type to one webhook, whatever it subscribes to, even if it is paused. Each
 * call sends a new event. `eventRowId` is our id of the event. Null: the tenant has no such webhook. Throws
 * ConflictError for an unverified one.
 */
export async function sendTestEvent(
  { db, workflows }: TriggerDeps,
  { tenantId, webhookId, eventType }: { tenantId: string; webhookId: number; eventType: EventType },
): Promise<{ delivery: Delivery; eventRowId: string } | null> {
  const occurredAt = new Date();
  const key = { tenantId, eventType, eventId: testEventId() };
  const body = renderBody({ ...key, timestamp: occurredAt.toISOString(), data: examplePayload(eventType, webhookId) });
  const sent = await db.transaction(async (transaction) => {
    // If its url is changed now, the test is held as all others are.
    const webhook = await findWebhook(transaction, tenantId, webhookId);
    if (webhook?.verification === 'pending') throw notVerified(webhookId);
    const inserted = await insertTestEvent(transaction, webhookId, { ...key, occurredAt, body });
    if (!inserted) return null;
    const { eventRowId, deliveryId } = inserted;
    const delivery = await findDelivery(transaction, webhookId, deliveryId);
    return delivery && { delivery, eventRowId };
  });
  if (sent) workflows.start([{ ...key, id: sent.delivery.id, eventRowId: sent.eventRowId, webhookId }]);
  return sent;
}

/** The body of such an event, for trying something out without sending it. `data`: instead of the example. */
export function exampleBody({
  eventType,
  webhookId,
  data = examplePayload(eventType, webhookId),
}: {
  eventType: EventType;
  webhookId: number;
  data?: Record<string, unknown> | undefined;
}): string {
  return renderBody({ eventType, eventId: testEventId(), timestamp: new Date().toISOString(), data });
}

const testEventId = () => `test_${randomUUID()}`;

/** The catalogue's example. An example that has a webhook id gets this one. */
function examplePayload(eventType: EventType, webhookId: number): Record<string, unknown> {
  const example = { ...findEventType(eventType)?.example };
  return eventType === 'webhook.test' ? { ...example, webhook_id: webhookId } : example;
}
