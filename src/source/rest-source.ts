import { setTimeout as delay } from 'node:timers/promises';
import { uuidForm } from '../uuid-form.js';
import { postEvent, type PostOutcome, type EventsEndpoint } from './post-event.js';
import { EventMismatchError, EventRefusedError, EventUnconfirmedError } from './errors.js';
import { apiUrl } from './api-url.js';
import { recordingCompleted } from './recording-completed.js';
import { requireTimes, retryWaitMs } from './retry-wait.js';
import type { SourceEvent, TriggeredResult, WebhookSource } from './webhook-source.js';

export interface RestSourceOptions {
  /** The url of the API, such as `https://webhooks.example.com`. */
  url: string;
  /** One of the platform's keys, with the scope `events:write`. */
  apiKey: string;
  /** How long to try an event before EventUnconfirmedError; default 30,000. */
  deadlineMs?: number;
  /** How long one request may take; default 10,000. */
  timeoutMs?: number;
}

const notFoundType = 'urn:irisx:problem:not-found';

type TenantField = 'tenant_id' | 'tenant_external_id';

/** A source over REST. It stores nothing: if an event could not be handed over, the caller must trigger it again. */
export function restSource(options: RestSourceOptions): WebhookSource {
  const { deadlineMs = 30_000, timeoutMs = 10_000 } = options;
  requireTimes({ deadlineMs, timeoutMs });
  const endpoint: EventsEndpoint = { url: `${apiUrl(options)}/v1/events`, apiKey: options.apiKey };
  // The platform's own ids may be UUIDs too. The field in which the last one was found is tried first.
  let uuidField: TenantField = 'tenant_id';

  async function triggerEvent(event: SourceEvent): Promise<TriggeredResult> {
    const giveUpAtMs = performance.now() + deadlineMs;
    // The time of this call, however long it takes to get through. For a repeat, the API returns the first time.
    const given = { occurredAt: new Date(), ...event };
    const post = (field: TenantField) => postUntil(giveUpAtMs, render(given, field));
    if (!uuidForm.test(event.tenantId)) return resultOf(await post('tenant_external_id'));
    const [first, second] = fieldsFrom(uuidField);
    const outcome = await post(first);
    if (outcome.kind !== 'refused' || outcome.type !== notFoundType) return resultOf(outcome);
    const other = await post(second);
    if (other.kind === 'accepted') uuidField = second;
    return resultOf(other);
  }

  /** Retries temporary failures until the time is up. */
  async function postUntil(giveUpAtMs: number, body: string): Promise<Exclude<PostOutcome, { kind: 'failed' }>> {
    // The failure to report: the last one with a response, or else the last one that the deadline did not cut short.
    let reported: Extract<PostOutcome, { kind: 'failed' }> | undefined;
    for (let tries = 1; ; tries++) {
      const leftMs = giveUpAtMs - performance.now();
      const outcome = await postEvent(endpoint, body, Math.max(1, Math.min(timeoutMs, leftMs)));
      if (outcome.kind !== 'failed') return outcome;
      const isCutShort = performance.now() >= giveUpAtMs - 1;
      if (outcome.status !== null || !reported || (reported.status === null && !isCutShort)) reported = outcome;
      const waitMs = retryWaitMs(tries, outcome.retryAfterMs);
      if (performance.now() + waitMs >= giveUpAtMs) throw unconfirmed(reported, tries);
      await delay(waitMs);
    }
  }

  return { triggerEvent, recordingCompleted: (recording) => recordingCompleted(triggerEvent, recording) };
}

const fieldsFrom = (first: TenantField): [TenantField, TenantField] =>
  first === 'tenant_id' ? ['tenant_id', 'tenant_external_id'] : ['tenant_external_id', 'tenant_id'];

/** Rendered once: every try sends the same text, even if the payload's objects change meanwhile. */
const render = ({ tenantId, eventType, eventId, payload, occurredAt }: SourceEvent, field: TenantField): string =>
  JSON.stringify({
    [field]: tenantId,
    event_type: eventType,
    event_id: eventId,
    payload,
    occurred_at: occurredAt,
  });

function resultOf(outcome: Exclude<PostOutcome, { kind: 'failed' }>): TriggeredResult {
  if (outcome.kind === 'accepted') return outcome.result;
  const ErrorClass = outcome.status === 422 ? EventMismatchError : EventRefusedError;
  throw new ErrorClass(outcome.detail, outcome);
}

function unconfirmed(outcome: Extract<PostOutcome, { kind: 'failed' }>, tries: number): EventUnconfirmedError {
  const what = `The event was not confirmed in ${tries === 1 ? 'one try' : `${tries} tries`}; the last: ${outcome.detail}`;
  const remedy = 'Trigger it again later with the same event id and payload.';
  return new EventUnconfirmedError(`${what} ${remedy}`, outcome);
}
