import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  forgoAttempt,
  takeAttempt,
  type RecordedAttempt,
  type TakenAttempt,
  type TakeResult,
} from '../../src/db/attempts.js';
import { withDatabaseTimeout, DatabaseUnavailableError } from '../../src/db/database.js';
import { maskHeaders } from '../../src/delivery/mask-headers.js';
import type { Poster } from '../../src/delivery/post.js';
import { sealContext } from '../../src/encryption/seal-context.js';
import type { Sealer } from '../../src/encryption/seal.js';
import { signedHeaders } from '../../src/encryption/signed-headers.js';
import { loggedEventId } from '../../src/events/personal-ids.js';
import { attemptDuration, firstAttemptDelay } from '../../src/metrics/counted.js';
import { traceparentOf } from '../../src/tracing/spans.js';
import { awaitsBatch, awaitsTurn, type AttemptResult } from '../../workflows/contract/attempt-result.js';
import type { DeliveryInput } from '../../workflows/contract/delivery-input.js';
import { maxBehindMs, maxRecordMs, maxTakeMs } from '../../workflows/contract/time-budget.js';
import { attemptRecord, attemptResult } from './attempt-record.js';
import { inSpan, startAttemptSpan } from './attempt-span.js';
import { endOf } from './delivery-end.js';
import { makeBody, type MakeBodyDeps } from './make-body.js';
import { startNextInTurn } from './next-in-turn.js';
import type { RecordDeps, SentAttempt, SentRecord } from './record-attempt.js';
import type { UnrecordedAttempts } from './unrecorded-attempts.js';

export interface AttemptDeps extends RecordDeps, MakeBodyDeps {
  poster: Poster;
  unrecorded: UnrecordedAttempts;
  sealer: Sealer;
  /** Cap of a receiver's Retry-After. */
  maxRetryAfterMs: number;
  /** This service's version, for the User-Agent. */
  version: string;
}

export interface AttemptInput extends DeliveryInput {
  /** The longest request that the workflow allows for. */
  timeoutMs: number;
}

export interface AttemptOptions {
  /** Refuse, and change nothing, unless this is a first attempt that can go now. */
  isFirst?: boolean;
  /** Called immediately before the request. */
  onSending: (attempt: TakenAttempt) => void;
}

/** Wait before the next try at a webhook whose secret this process has no key for. */
export const unknownKeyWaitMs = 30_000;
/** Wait before the next try, while others like it have their share of this process. */
export const putOffMs = () => Math.round(15_000 + Math.random() * 15_000);
/** How much of a response a handed-over record keeps. */
const handedOverChars = 8_192;

/**
 * Takes the token, signs, sends and records one attempt. Refuses when the delivery is no longer pending, so running it
 * twice sends once. If it throws, no request was made and nothing counts as an attempt.
 */
export async function attemptOnce(
  deps: AttemptDeps,
  input: AttemptInput,
  { isFirst = false, onSending }: AttemptOptions,
): Promise<AttemptResult> {
  const { taken, beganAt, answeredAt } = await takeInOrder(deps, input, isFirst);
  if (taken.answer === 'untransformed') return finishAttempt(deps, taken.delivery, taken.record);
  if (taken.answer !== 'send') {
    if (taken.answer === 'ended' && taken.releases) await startNextInTurn(deps, input.deliveryId);
    const result = refusal(taken);
    // Nothing was reserved for it: plan immediately.
    if (isFirst && result.kind === 'refused') return { ...result, waitMs: 0 };
    if (taken.answer === 'sealed')
      deps.log.error(
        { webhook: input.webhookId, delivery: input.deliveryId },
        'webhook.sealed_by_unknown_key: its secret or headers need an encryption key that this process lacks; nothing is sent',
      );
    return result;
  }

  const { attempt } = taken;
  const span = startAttemptSpan(input.deliveryId, attempt);
  const traceparent = attempt.trace?.isCallers ? traceparentOf(span) : null;
  const headers = { ...signedHeaders(deps, input.deliveryId, attempt), ...(traceparent !== null && { traceparent }) };
  // Nobody else may send until the lease ends. If Postgres took most of it, or this process was suspended meanwhile,
  // too little is left: no request is made, and the next one follows in a few seconds. Checked immediately before the
  // request.
  const takenForMs = performance.now() - beganAt;
  if (takenForMs > maxTakeMs) {
    await giveBack(deps, input.deliveryId, attempt);
    throw new DatabaseUnavailableError(`Postgres took ${Math.round(takenForMs)} ms to give a token; too late to send`, {
      reason: 'busy',
    });
  }

  const waitedMs = Math.round(performance.now() - answeredAt);
  const { url, body, timeoutMs } = attempt;
  onSending(attempt);
  if (attempt.number === 1) {
    const acceptedForMs = attempt.takenAt.getTime() + waitedMs - acceptedAtMs(input.deliveryId);
    firstAttemptDelay.observe(Math.max(0, acceptedForMs) / 1_000);
  }
  const finished = await inSpan(span, deps.poster.post({ url, headers, body, timeoutMs }));
  const record = attemptRecord({
    deliveryId: input.deliveryId,
    attempt,
    requestHeaders: maskHeaders(headers),
    finished,
    waitedMs,
    elapsedMs: Math.ceil(performance.now() - beganAt),
    maxRetryAfterMs: deps.maxRetryAfterMs,
  });
  return finishAttempt(deps, attempt, record, url);
}

/** So that the next attempt need not wait for the lease, if Postgres takes that. Never rejects. */
async function giveBack({ db, log }: AttemptDeps, deliveryId: string, { requestId }: TakenAttempt): Promise<void> {
  try {
    await withDatabaseTimeout(forgoAttempt(db, deliveryId, requestId), maxRecordMs);
  } catch (error) {
    log.warn({ error, delivery: deliveryId }, 'attempt.not_given_back: the next one waits until the lease ends');
  }
}

/** In metrics: the class of its status, else why there was no response. */
const outcomeOf = ({ statusCode, error }: SentRecord): string =>
  statusCode === null ? (error?.class ?? 'none') : `${Math.floor(statusCode / 100)}xx`;

/** When Postgres accepted the event: the first 48 bits of the id (RFC 9562 §5.7). */
const acceptedAtMs = (deliveryId: string): number => parseInt(deliveryId.replace('-', '').slice(0, 12), 16);

/** Records the attempt, and does what follows from it. `url`: where it was sent, if it was. */
async function finishAttempt(
  deps: AttemptDeps,
  attempt: LoggedDelivery,
  record: SentRecord,
  url?: string,
): Promise<AttemptResult> {
  attemptDuration.observe({ outcome: outcomeOf(record) }, record.durationMs / 1_000);
  let recorded: SentAttempt | null;
  try {
    // If Postgres takes it after the timeout, recording it again changes nothing: the request has an id of its own.
    recorded = await withDatabaseTimeout(deps.unrecorded.record(record), maxRecordMs);
  } catch (error) {
    deps.log.error(
      { error, event: attempt.eventRowId, delivery: record.deliveryId, attempt: record.number },
      'attempt.not_recorded',
    );
    return { kind: 'unrecorded', sealedRecord: sealed(deps.sealer, record) };
  }
  logAttempt(deps.log, attempt, record, recorded);
  await recorded?.followUp;
  return attemptResult(record, recorded, url);
}

/**
 * Takes the token and the right to send, once the body is made. For a moment, deliveries that became due earlier may
 * take theirs first.
 */
async function takeInOrder(deps: AttemptDeps, input: AttemptInput, isFirst: boolean) {
  const { db, unrecorded, sealer } = deps;
  await unrecorded.settle(input.deliveryId);
  let deadline = performance.now() + maxBehindMs;
  for (;;) {
    const beganAt = performance.now();
    const taken = await takeAttempt(db, input.deliveryId, {
      timeoutMs: input.timeoutMs,
      ifEasy: isFirst,
      processId: unrecorded.processId,
      keyIds: sealer.keyIds,
    });
    if (taken.answer === 'transform') {
      const made = await makeBody(deps, input.deliveryId, taken.delivery);
      if (made !== 'stored') return { taken: made, beganAt, answeredAt: performance.now() };
      deadline += performance.now() - beganAt;
    } else {
      if (taken.answer !== 'behind' || beganAt + taken.waitMs > deadline)
        return { taken, beganAt, answeredAt: performance.now() };
      await delay(taken.waitMs);
    }
  }
}

const waitReasons = {
  token: 'rate limit: no token is free yet',
  quota: "rate limit: the tenant's requests per minute are used up",
  request: 'another request may still be open',
  backoff: 'its next attempt is not due yet',
} as const;

type NotSent = Exclude<TakeResult, { answer: 'send' | 'transform' }> | { answer: 'busy' };

function refusal(taken: NotSent): AttemptResult {
  switch (taken.answer) {
    case 'ended':
      return { kind: 'ended', ...endOf({ ...taken, attempts: taken.attemptCount }) };
    case 'turn':
      return awaitsTurn;
    case 'batch':
      return awaitsBatch;
    case 'wait':
      return { kind: 'refused', waitMs: taken.waitMs ?? 0, reason: waitReasons[taken.waitsFor] };
    case 'behind':
      return { kind: 'refused', waitMs: taken.waitMs, reason: 'deliveries that became due earlier go first' };
    case 'busy':
      return { kind: 'refused', waitMs: putOffMs(), reason: 'too many transforms wait to be evaluated' };
    case 'replan':
      return { kind: 'refused', waitMs: 0, reason: 'not possible now, or the settings of the webhook changed' };
    case 'sealed':
      return { kind: 'refused', waitMs: unknownKeyWaitMs, reason: 'sealed with a key that this process lacks' };
  }
}

/**
 * The record, for the workflow to hand back to Postgres. Workflow histories are stored in plain text, and a response
 * may echo the body, so the record is sealed and shortened.
 */
function sealed(sealer: Sealer, record: SentRecord): string {
  const { responseBody } = record;
  const short: SentRecord = {
    ...record,
    responseBody: responseBody?.slice(0, handedOverChars) ?? null,
    responseTruncated: record.responseTruncated || (responseBody?.length ?? 0) > handedOverChars,
  };
  return sealer.seal(JSON.stringify(short), sealContext.record(record.deliveryId)).toString('base64');
}

type LoggedDelivery = Pick<TakenAttempt, 'tenantId' | 'webhookId' | 'eventRowId' | 'eventType' | 'eventId'>;

function logAttempt(log: Logger, attempt: LoggedDelivery, record: SentRecord, recorded: RecordedAttempt | null): void {
  log.info(
    {
      tenant: attempt.tenantId,
      event: attempt.eventRowId,
      eventType: attempt.eventType,
      eventId: loggedEventId(attempt),
      webhook: attempt.webhookId,
      delivery: record.deliveryId,
      attempt: recorded?.number ?? record.number,
      outcome: record.error?.class ?? 'accepted',
      statusCode: record.statusCode,
      durationMs: record.durationMs,
      status: recorded?.status,
    },
    'attempt.finished',
  );
}
