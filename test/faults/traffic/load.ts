import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { findEventType } from '../../../src/events/event-types.js';
import { createRandom } from '../../support/random.js';
import type { Api } from './api.js';
import { eventTypes, type Tenant } from './tenants.js';

/** An event whose trigger was answered 201 or 200: from then on it must be delivered. */
export interface AcceptedEvent {
  tenant: Tenant;
  type: string;
  eventId: string;
  /** When the first try was sent. */
  firstSentAt: number;
  /** When the successful try was sent, and when its response arrived. */
  sentAt: number;
  acceptedAt: number;
  tries: number;
  /** As in the response. */
  deliveries: { id: string; webhookId: number }[];
}

export interface Load {
  readonly accepted: AcceptedEvent[];
  /** Triggers that were answered with anything other than 2xx, 429 or 5xx: none is expected. */
  readonly refused: string[];
  /** Resolves when the time is up; triggers without a response by then go on. */
  running: Promise<void>;
  /** Resolves when every event is accepted, or after the timeout, with the events that were not. */
  settled(timeoutMs: number): Promise<string[]>;
}

/** Triggers events at planned times, whatever the responses. Each is repeated with the same id until it is accepted. */
export function startLoad(
  api: Api,
  tenants: readonly Tenant[],
  platformKey: string,
  { seed, forMs, eventsPerSecond }: { seed: number; forMs: number; eventsPerSecond: number },
  signal: AbortSignal,
): Load {
  const random = createRandom(seed, 'load');
  const accepted: AcceptedEvent[] = [];
  const refused: string[] = [];
  const underWay = new Map<string, Promise<void>>();
  const giveUp = new AbortController();
  signal.addEventListener('abort', () => giveUp.abort());
  // Every trigger that waits for its next try listens to it.
  setMaxListeners(0, giveUp.signal);

  const trigger = async (tenant: Tenant, type: string, eventId: string): Promise<void> => {
    const firstSentAt = Date.now();
    const body = { tenant_id: tenant.id, event_type: type, event_id: eventId, payload: findEventType(type)!.example };
    for (let tries = 1; !giveUp.signal.aborted; tries++) {
      const call = await api.call({ key: platformKey, method: 'POST', path: '/v1/events', body });
      if (call.status === 201 || call.status === 200) {
        const deliveries = (call.body.deliveries as { id: string; webhook_id: number }[]).map(({ id, webhook_id }) => ({
          id,
          webhookId: webhook_id,
        }));
        const { startedAt: sentAt, endedAt: acceptedAt } = call;
        accepted.push({ tenant, type, eventId, firstSentAt, sentAt, acceptedAt, tries, deliveries });
        return;
      }
      if (call.status !== undefined && call.status < 500 && call.status !== 429) {
        refused.push(`${type} ${eventId} was answered ${call.status}: ${JSON.stringify(call.body)}`);
        return;
      }
      await delay(1_000, undefined, { signal: giveUp.signal }).catch(() => undefined);
    }
  };

  const run = async (): Promise<void> => {
    const beganAt = Date.now();
    let atMs = 0;
    for (let number = 1; !signal.aborted; number++) {
      // Exponential gaps, like those between independent callers.
      atMs += (-Math.log(1 - random.next()) * 1_000) / eventsPerSecond;
      if (atMs > forMs) return;
      const tenant = random.pick(tenants);
      const type = random.pick(eventTypes);
      await delay(Math.max(0, beganAt + atMs - Date.now()), undefined, { signal }).catch(() => undefined);
      const eventId = `event-${number}`;
      underWay.set(
        eventId,
        trigger(tenant, type, eventId).then(() => void underWay.delete(eventId)),
      );
    }
  };

  return {
    accepted,
    refused,
    running: run(),
    async settled(timeoutMs) {
      await Promise.race([Promise.all(underWay.values()), delay(timeoutMs, undefined, { ref: false })]);
      const never = [...underWay.keys()];
      giveUp.abort();
      return never;
    },
  };
}
