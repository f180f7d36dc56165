import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { DatabaseUnavailableError } from '../../src/db/database.js';
import { resolveTenant } from '../../src/db/tenants.js';
import { openPayload, sealedPayload } from '../../src/encryption/event-codec.js';
import { UnreadableError, type Keyring } from '../../src/encryption/seal.js';
import { EventMismatchError, InvalidInputError, NotFoundError } from '../../src/errors.js';
import { readEventRequest } from '../../src/events/event-request.js';
import { acceptedFields, triggerUnchecked, type TriggerDeps } from '../../src/events/trigger.js';
import { acceptFailure, type AcceptEventResult, type SealedEvent } from '../../workflows/contract/accept-event.js';
import { failureWithoutStack } from '../../workflows/contract/failures.js';

export interface AcceptEventDeps extends TriggerDeps {
  log: Logger;
  /** Keys to the events that sources have sealed. */
  eventKeys: Keyring;
  /** Aborted when this process stops. */
  stopping: AbortSignal;
}

/**
 * While Postgres is away, an activity keeps its slot for this long and tries Postgres once a second. Waiting events
 * stay in Temporal's queue, where they cost nothing, and the server retries no more of them than there are slots.
 */
const keepSlotMs = 10_000;
const askAgainMs = 1_000;
/** An event whose key is missing waits for a worker with another configuration, so it is retried rarely. */
const maxUnreadableMs = 10 * 60_000;

/**
 * Stores an event and starts its deliveries, as the API does; safe to repeat. `acceptedAt` is used as the time of the
 * event if the source gives none. Quotas are not checked: Temporal has accepted the event, and refusing it now would
 * lose it.
 */
export async function acceptEvent(
  deps: AcceptEventDeps,
  event: SealedEvent,
  acceptedAt: string,
): Promise<AcceptEventResult> {
  const giveUpAt = performance.now() + keepSlotMs;
  for (;;) {
    try {
      return await store(deps, open(deps, event), new Date(acceptedAt));
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw refusalOf(error) ?? error;
      if (performance.now() > giveUpAt || deps.stopping.aborted) throw error;
      await delay(askAgainMs, undefined, { signal: deps.stopping }).catch(() => undefined);
    }
  }
}

function open({ eventKeys, log }: AcceptEventDeps, { keyId, sealed }: SealedEvent): Uint8Array {
  try {
    return openPayload(eventKeys, sealedPayload(keyId, Buffer.from(sealed, 'base64'))).data ?? new Uint8Array();
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    const { attempt, workflowExecution } = Context.current().info;
    const workflow = workflowExecution?.workflowId;
    log.error({ workflow, keyId, keyIds: eventKeys.map(({ id }) => id) }, `event.unreadable: ${error.message}`);
    throw failureWithoutStack({
      type: acceptFailure.unreadable,
      message: error.message,
      nextRetryDelay: Math.min(maxUnreadableMs, 1_000 * 2 ** Math.min(attempt, 20)),
    });
  }
}

async function store(deps: AcceptEventDeps, json: Uint8Array, acceptedAt: Date): Promise<AcceptEventResult> {
  const { tenant, eventType, eventId, payload, occurredAt = acceptedAt } = readEventRequest(json);
  const tenantId = await resolveTenant(deps.db, tenant);
  if (tenantId === null) throw new NotFoundError(`There is no tenant ${JSON.stringify(tenant)}.`);
  const event = { tenantId, eventType, eventId, payload, occurredAt };
  const accepted = await triggerUnchecked(deps, event);
  deps.log.info(acceptedFields(event, accepted), 'event.accepted');
  const { id, deliveries, repeated } = accepted;
  return { id, deliveries: deliveries.length, repeated };
}

/** The failure for an event that can never be stored; undefined for any other error, which is retried. */
function refusalOf(error: unknown): ApplicationFailure | undefined {
  if (error instanceof InvalidInputError) {
    // The messages of the fields show the values seen.
    const fields = error.errors.map(({ path }) => path).filter(Boolean);
    const message = fields.length > 0 ? `${error.message} See ${fields.join(', ')}` : error.message;
    return refusal(acceptFailure.invalid, message);
  }
  if (error instanceof NotFoundError) return refusal(acceptFailure.unknownTenant, error.message);
  if (error instanceof EventMismatchError) return refusal(acceptFailure.mismatch, error.message);
  return undefined;
}

const refusal = (type: string, message: string) => failureWithoutStack({ type, message, nonRetryable: true });
