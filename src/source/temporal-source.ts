import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { uuidForm } from '../uuid-form.js';
import { createEventCodec, parseEventKeys } from '../encryption/event-codec.js';
import { InvalidInputError } from '../errors.js';
import { checkEvent, type UncheckedEvent } from '../events/check-event.js';
import { hasPersonalIds } from '../events/personal-ids.js';
import { temporalFailure } from '../temporal/failure.js';
import { acceptTaskQueue } from '../../workflows/contract/accept-event.js';
import type { acceptEvent } from '../../workflows/accept-event.js';
import { EventRefusedError, EventUnconfirmedError } from './errors.js';
import { recordingCompleted } from './recording-completed.js';
import type { TemporalSourceOptions } from './temporal-source-options.js';
import type { SourceEvent, TriggeredResult, WebhookSource } from './webhook-source.js';

/** The timeout of one call, so that a dead connection does not use up the whole deadline. */
const callDeadlineMs = 5_000;
const minBackoffMs = 100;
const maxBackoffMs = 5_000;
/** Temporal limits a workflow id to 1,000 bytes. */
const maxIdBytes = 500;
const maxFairnessKeyBytes = 64;
/**
 * A source that hands its events to Temporal, even while Postgres or the API is away: each starts the workflow
 * `acceptEvent`. Events are sealed in transit; ids and event types are not. `triggerEvent` resolves when Temporal has
 * the event. It throws EventRefusedError if the event could never be stored or Temporal refuses it, and
 * EventUnconfirmedError if Temporal did not answer within the deadline: then trigger the event again.
 */
export function temporalSource(options: TemporalSourceOptions): WebhookSource {
  const { taskQueue = 'irisx-webhooks', deadlineMs = 30_000 } = options;
  const client = sealingClient(options.temporal as Client, options.eventKeys);

  async function triggerEvent(event: SourceEvent): Promise<TriggeredResult> {
    const { args, id, ...labels } = requestOf(event);
    const giveUpAt = Date.now() + deadlineMs;
    for (let backoffMs = minBackoffMs; ; backoffMs = Math.min(maxBackoffMs, backoffMs * 2)) {
      try {
        await client.withDeadline(Math.min(giveUpAt, Date.now() + callDeadlineMs), () =>
          client.workflow.start<typeof acceptEvent>('acceptEvent', {
            ...labels,
            taskQueue: acceptTaskQueue(taskQueue),
            workflowId: id,
            // A run that failed has stored nothing: the same event may be corrected and triggered again.
            workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
            args,
          }),
        );
        return { repeated: false, stored: null };
      } catch (error) {
        if (isAlreadyStarted(error)) return { repeated: true, stored: null };
        const waitMs = backoffMs * (0.5 + Math.random());
        const isWorthAnother = temporalFailure(error).kind === 'away' && Date.now() + waitMs < giveUpAt;
        if (!isWorthAnother) throw notTaken(event, error);
        await delay(waitMs);
      }
    }
  }

  return { triggerEvent, recordingCompleted: (recording) => recordingCompleted(triggerEvent, recording) };
}

/** A client with the same connection that seals what it sends. Of the caller's class, so that none is loaded here. */
function sealingClient(temporal: Client, eventKeys: string): Client {
  const { connection, namespace, identity, interceptors } = temporal.options;
  return new (temporal.constructor as typeof Client)({
    connection,
    namespace,
    identity,
    interceptors,
    dataConverter: { payloadCodecs: [createEventCodec(parseEventKeys(eventKeys))] },
  });
}

/** The argument, and what Temporal shows of the event in plain text. No summary: the codec would seal it too. */
function requestOf(event: SourceEvent) {
  const { tenantId, eventType, eventId, payload } = event;
  const occurredAt = new Date(event.occurredAt ?? Date.now());
  refuseInvalid({ tenantId, eventType, eventId, payload, occurredAt });
  const isOurs = uuidForm.test(tenantId);
  const body = {
    ...(isOurs ? { tenant_id: tenantId } : { tenant_external_id: tenantId }),
    event_type: eventType,
    event_id: eventId,
    payload,
    occurred_at: occurredAt.toISOString(),
  };
  return {
    id: acceptEventId(event),
    // Only the activity reads what it holds.
    args: [body as never] as [never],
    typedSearchAttributes: [
      ...(isOurs ? [{ key: keyword('TenantId'), value: tenantId }] : []),
      { key: keyword('EventType'), value: eventType },
      ...(hasPersonalIds(eventType) ? [] : [{ key: keyword('EventId'), value: eventId }]),
    ],
    // With fair task queues, no tenant's events wait behind a backlog of another tenant.
    priority: { fairnessKey: Buffer.byteLength(tenantId) <= maxFairnessKeyBytes ? tenantId : digest(tenantId) },
  };
}

const keyword = (name: string) => ({ name, type: 'KEYWORD' as const });

/**
 * The workflow id of an event, the same for each repeat and for no other event: `accept/<tenant>/<event type>/<event
 * id>`, with the tenant percent-encoded. If that is longer than 500 bytes, a digest of it. A type with personal ids gets
 * a random one in place of the event id: Postgres recognises a repeat too, and Temporal's ids cannot be erased.
 */
export function acceptEventId({ tenantId, eventType, eventId }: Omit<SourceEvent, 'payload'>): string {
  const name = hasPersonalIds(eventType) ? randomUUID() : eventId;
  const id = `accept/${encodeURIComponent(tenantId)}/${eventType}/${name}`;
  return Buffer.byteLength(id) <= maxIdBytes ? id : `accept/${digest(id)}`;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** Checked here, so that the caller learns of a mistake immediately: only operators would see a failed workflow. */
function refuseInvalid(event: UncheckedEvent): void {
  try {
    if (!event.tenantId)
      throw new InvalidInputError('Bad tenant.', [{ path: 'tenantId', message: 'must not be empty' }]);
    checkEvent(event);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const { errors } = error;
    const message = [error.message, ...errors.map(({ path, message }) => `${path}: ${message}`)].join('\n');
    throw new EventRefusedError(message, { ...noResponse, errors });
  }
}

/** Recognised by name: the caller may have another copy of the SDK. */
const isAlreadyStarted = (error: unknown) =>
  error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';

/** The fields that only a response of the API has. */
const noResponse = { status: null, type: null, errors: [], requestId: null };

function notTaken({ eventType, eventId }: SourceEvent, cause: unknown): Error {
  const { kind, reason } = temporalFailure(cause);
  const what = `The event ${eventType} ${eventId} was not accepted`;
  if (kind === 'away')
    return new EventUnconfirmedError(
      `${what} in time: Temporal did not answer (${reason}). Trigger it again later with the same event id and payload.`,
      { ...noResponse, cause },
    );
  return new EventRefusedError(
    `${what}: Temporal refused it (${reason}). Check the namespace, and this client's permissions there.`,
    noResponse,
    { cause },
  );
}
