import type { z } from 'zod';
import type { RecentKey } from '../db/api-keys.js';
import type { EventTrace } from '../db/events.js';
import { NotFoundError, PayloadTooLargeError } from '../errors.js';
import { acceptedFields, triggerUnchecked, type TriggerOutcome, type UncheckedEvent } from '../events/trigger.js';
import { renderAccepted, type acceptedEventSchema, type NewEventBody } from './event-schemas.js';
import { TooLargeError } from './http/api-errors.js';
import type { EndpointDeps } from './http/endpoint.js';
import { refuseInexact } from './http/inexact-numbers.js';
import type { InexactNumber } from '../events/json-text.js';

export interface EventRequest {
  /** Their paths begin at the event. */
  inexactNumbers: readonly InexactNumber[];
  by: { request: string; keyId: string | null };
  recentKey: RecentKey | null;
  trace: EventTrace | null;
}

/** Accepts one event of a request. Throws what `POST /v1/events` answers as a problem. */
export async function acceptEvent(
  deps: EndpointDeps,
  body: NewEventBody,
  { inexactNumbers, by, recentKey, trace }: EventRequest,
): Promise<{ status: 200 | 201; body: z.input<typeof acceptedEventSchema> }> {
  refuseInexact(inexactNumbers, 'payload');
  const event = {
    tenantId: await tenantOf(deps, body, recentKey),
    eventType: body.event_type,
    eventId: body.event_id,
    payload: body.payload,
    trace,
    ...(body.occurred_at && { occurredAt: body.occurred_at }),
  };
  await deps.eventQuotas.count(event.tenantId);
  const accepted = await trigger(deps, event, recentKey);
  // At info: one more line hardly counts, since an event makes at least one for each webhook anyway.
  deps.log.info({ ...by, ...acceptedFields(event, accepted) }, 'event.accepted');
  return { status: accepted.repeated ? 200 : 201, body: renderAccepted(body, accepted) };
}

async function tenantOf(
  { tenantIds }: EndpointDeps,
  { tenant_id, tenant_external_id = '' }: NewEventBody,
  key: RecentKey | null,
): Promise<string> {
  if (tenant_id !== undefined) return tenant_id;
  const tenantId = await tenantIds.find(tenant_external_id);
  if (tenantId !== null) return tenantId;
  // A caller whose key is gone learns nothing about tenants.
  await key?.confirm();
  throw new NotFoundError(`There is no tenant ${tenant_external_id}.`);
}

/** A payload that is too large has a status code of its own (413). */
async function trigger(deps: EndpointDeps, event: UncheckedEvent, key: RecentKey | null): Promise<TriggerOutcome> {
  try {
    return await triggerUnchecked(deps, event, key);
  } catch (error) {
    if (!(error instanceof PayloadTooLargeError)) throw error;
    throw new TooLargeError(error.errors.map(({ path, message }) => `${path} ${message}`).join('; '));
  }
}
