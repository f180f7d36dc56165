import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { RecentKey } from '../db/api-keys.js';
import type { BatchingWebhook } from '../db/batches.js';
import { sqlState, sqlStateOf, type Database, type Transaction } from '../db/database.js';
import {
  countNewDeliveries,
  findEvent,
  insertEvent,
  type AcceptedEvent,
  type NewEvent,
  type StartableDelivery,
} from '../db/events.js';
import { findTenant } from '../db/tenants.js';
import { EventMismatchError, NotFoundError } from '../errors.js';
import { eventsAccepted } from '../metrics/counted.js';
import type { DeliveryWorkflows } from '../temporal/workflows.js';
import { checkEvent, dataOf, type UncheckedEvent } from './check-event.js';
import { eventTypeNames, type EventType, type TypedPayload } from './event-types.js';
import { eventLabel, loggedEventId } from './personal-ids.js';

export { isEventId, lastMoment, maxBodyBytes, type UncheckedEvent } from './check-event.js';

// In metrics a rate is known from the first event on only if the counter was 0 before.
for (const event_type of eventTypeNames) eventsAccepted.inc({ event_type }, 0);

const triesInDeadlock = 3;
/** The least delay before the next try, so that the transaction that Postgres let go on has ended. */
const afterDeadlockMs = 20;

export interface TriggerDeps {
  db: Database;
  workflows: Pick<DeliveryWorkflows, 'start' | 'collect'>;
}

/** An event whose payload fits its type, as the compiler checks. */
export type TriggeredEvent<T extends EventType = EventType> = Omit<UncheckedEvent, 'eventType' | 'payload'> &
  TypedPayload<T>;

/** `repeated`: this tenant, type and event id came before; the rest is then what the first trigger was answered. */
export interface TriggerOutcome extends Pick<AcceptedEvent, 'id' | 'occurredAt'> {
  deliveries: Omit<AcceptedEvent['deliveries'][number], 'starts' | 'collects'>[];
  repeated: boolean;
}

/** What a trigger answers, the first time and each time after. */
const withoutStarts = ({ id, occurredAt, deliveries }: AcceptedEvent) => ({
  id,
  occurredAt,
  deliveries: deliveries.map(({ id, webhookId, status }) => ({ id, webhookId, status })),
});

/**
 * Accepts an event: when this resolves, the event and one delivery per subscribed webhook are committed and will be
 * delivered, whatever happens to this process or to Temporal. Safe to repeat.
 * Throws InvalidInputError (unknown type, payload that does not fit), PayloadTooLargeError, NotFoundError (no such
 * tenant), EventMismatchError (the event id came before with another payload), DatabaseUnavailableError (nothing was
 * accepted, or that is unknown: repeat).
 */
export const triggerEvent = (deps: TriggerDeps, event: TriggeredEvent): Promise<TriggerOutcome> =>
  triggerUnchecked(deps, event);

/**
 * Like triggerEvent, for an event from outside. `key`: the caller's API key, if it has yet to be confirmed; throws what
 * its `confirm` throws.
 */
export async function triggerUnchecked(
  deps: TriggerDeps,
  event: UncheckedEvent,
  key: RecentKey | null = null,
): Promise<TriggerOutcome> {
  const checked = checkEvent(event);
  const accepted = await insertEvent(deps.db, checked, { apiKeyId: key?.id ?? null });
  if (accepted) {
    eventsAccepted.inc({ event_type: event.eventType });
    deps.workflows.start(startable(checked, accepted));
    deps.workflows.collect(batching(checked, accepted));
    return { ...withoutStarts(accepted), repeated: false };
  }
  await key?.confirm();
  const first = await findEvent(deps.db, checked);
  if (!first) {
    if (!(await findTenant(deps.db, event.tenantId))) throw new NotFoundError(`There is no tenant ${event.tenantId}.`);
    throw new Error(`event ${eventLabel(event)} was deleted while it was triggered again`);
  }
  // Without its body nothing is left to compare: the first response stands.
  if (first.body !== null && !isDeepStrictEqual(dataOf(first.body), dataOf(checked.body))) {
    throw new EventMismatchError(
      `Event ${eventLabel(event)} was triggered before with another payload. An event never changes: use a new event_id.`,
    );
  }
  return { ...withoutStarts(first), repeated: true };
}

/**
 * False when this tenant, type and event id came before: the first one then stands, whatever the payload. A webhook
 * that the event is about does not get it. Throws as triggerEvent does.
 */
export type Trigger = (event: TriggeredEvent, options?: { aboutWebhookId?: number }) => Promise<boolean>;

/**
 * For event sources with records of their own: what `work` writes and the events that it triggers are committed
 * together or not at all, so that no repeat and no crash leaves one without the other. After a deadlock `work` is
 * rolled back and called again.
 */
export async function recordWithEvents<T>(
  { db, workflows }: TriggerDeps,
  work: (db: Transaction, trigger: Trigger) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const inserted: AcceptedEvent['deliveries'] = [];
    const toStart: StartableDelivery[] = [];
    const toCollect: BatchingWebhook[] = [];
    const types: EventType[] = [];
    try {
      const result = await db.transaction(async (transaction) => {
        const outcome = await work(transaction, async (event, options) => {
          const checked = checkEvent(event);
          const accepted = await insertEvent(transaction, checked, { ...options, countLater: true });
          if (!accepted) return false;
          inserted.push(...accepted.deliveries);
          toStart.push(...startable(checked, accepted));
          toCollect.push(...batching(checked, accepted));
          types.push(event.eventType);
          return true;
        });
        await countNewDeliveries(transaction, inserted);
        return outcome;
      });
      for (const event_type of types) eventsAccepted.inc({ event_type });
      workflows.start(toStart);
      workflows.collect(toCollect);
      return result;
    } catch (error) {
      // Postgres let the other transaction go on.
      if (tries === triesInDeadlock || sqlStateOf(error) !== sqlState.deadlockDetected) throw error;
      await delay(afterDeadlockMs * (1 + Math.random()));
    }
  }
}

/**
 * The fields of the log line `event.accepted`: only this line connects a request with its event, whose id is in the
 * lines of its attempts.
 */
export const acceptedFields = (
  event: Pick<UncheckedEvent, 'tenantId' | 'eventType' | 'eventId'>,
  { id, deliveries, repeated = false }: { id: string; deliveries: readonly unknown[]; repeated?: boolean },
) => ({
  tenant: event.tenantId,
  event: id,
  eventType: event.eventType,
  eventId: loggedEventId(event),
  deliveries: deliveries.length,
  ...(repeated && { repeated }),
});

/** The webhooks of which a batch begins with this event, or is full. */
const batching = ({ tenantId }: NewEvent, { deliveries }: AcceptedEvent): BatchingWebhook[] =>
  deliveries.filter(({ collects }) => collects).map(({ webhookId }) => ({ webhookId, tenantId }));

/** Leaves out deliveries that are held, and those that wait for their turn or for a batch. */
function startable(
  { tenantId, eventType, eventId, trace }: NewEvent,
  { id: eventRowId, deliveries }: AcceptedEvent,
): StartableDelivery[] {
  return deliveries
    .filter(({ starts }) => starts)
    .map(({ id, webhookId }) => ({
      ...{ tenantId, eventType, eventId, eventRowId, id, webhookId },
      ...(trace && { traceparent: trace.traceparent }),
    }));
}
