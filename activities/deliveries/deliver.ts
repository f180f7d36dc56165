import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Logger } from 'pino';
import { takeAttempt, type AttemptRecord, type RecordedAttempt, type TakenAttempt } from '../../src/db/attempts.js';
import { answeredWithin, DatabaseUnavailableError, type Database } from '../../src/db/database.js';
import { maskHeaders } from '../../src/delivery/mask-headers.js';
import type { OpenRequests } from '../../src/delivery/open-requests.js';
import type { Poster } from '../../src/delivery/post.js';
import { buildRequestHeaders } from '../../src/delivery/request-headers.js';
import type { FirstAttempts } from '../../src/temporal/pace/first-attempts.js';
import type { Pace } from '../../src/temporal/pace/pace.js';
import type { Turn } from '../../src/temporal/pace/turn.js';
import { sealContext } from '../../src/encryption/seal-context.js';
import { openIfReadable, type Sealer } from '../../src/encryption/seal.js';
import { settleSoon } from '../../src/settle-soon.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';
import { failureType, type NotNowDetails, type UnrecordedDetails } from '../../workflows/contract/failures.js';
import { retryDelayMs } from '../../workflows/contract/retry-policy.js';
import { attemptRecord, shortFailure } from './attempt-record.js';
import { endOf, type DeliveryEnd } from './delivery-end.js';
import type { UnrecordedAttempts } from './unrecorded-attempts.js';

export type { DeliveryEnd } from './delivery-end.js';

export interface DeliverDeps {
  db: Database;
  poster: Poster;
  openRequests: OpenRequests;
  pace: Pace;
  firstAttempts: FirstAttempts;
  unrecorded: UnrecordedAttempts;
  workflows: Pick<DeliveryWorkflows, 'wake' | 'settle'>;
  sealer: Sealer;
  log: Logger;
  /** Cap of a receiver's Retry-After. */
  maxRetryAfterMs: number;
  /** Of this service, for the User-Agent. */
  version: string;
}

export interface DeliverInput {
  deliveryId: string;
  webhookId: number;
  tenantId: string;
  /** The longest request that the workflow allows for. */
  timeoutMs: number;
  /** Attempts of the schedule before this activity; with the server's own count it gives the policy's next delay. */
  attemptsUsed: number;
}

/** Before the next try at a webhook whose secret no key here opens. */
const unknownKeyWaitMs = 30_000;
const latestSendMs = 2_500;
/** The longest wait for deliveries that became due earlier. */
const longestBehindMs = 2_000;
/** With the two before less than what the workflow allows for beyond the request; else it would think the request lost, and send again. */
const recordPatienceMs = 5_000;

/**
 * The first attempt at once, in the first workflow task, as nearly every delivery needs no other. Unlike `deliver` it
 * refuses with `PlanChanged`, and nothing is changed, where anything stands against it: no token is free, the webhook
 * had trouble lately, too many requests are open here, or it is no first attempt.
 */
export async function deliverAtOnce(
  deps: DeliverDeps,
  input: Omit<DeliverInput, 'attemptsUsed'>,
): Promise<DeliveryEnd> {
  const turn = deps.firstAttempts.turnOf(input.deliveryId);
  try {
    if (!deps.openRequests.hasRoom(input.webhookId, input.tenantId)) throw notAtOnce();
    return await sendInline(deps, { ...input, attemptsUsed: 0 }, { ifEasy: true, turn });
  } finally {
    turn?.end();
  }
}

const notAtOnce = () => notRetried(failureType.planChanged, 'not at once');

/** As `deliver`, in the workflow task itself; refuses with `Busy` when this process has enough requests open to the webhook, or for its tenant. */
export async function deliverInline(deps: DeliverDeps, input: DeliverInput): Promise<DeliveryEnd> {
  if (!deps.openRequests.hasRoom(input.webhookId, input.tenantId))
    throw notRetried(failureType.busy, 'enough requests are open to this webhook or for its tenant');
  return sendInline(deps, input);
}

/**
 * Takes the token, signs, sends and records one attempt. Answers at once when the delivery is no longer pending, so
 * running it twice sends once. Every way but success is an ApplicationFailure of `failureType`, without a cause;
 * anything else (Postgres away before the send) made no request and counts as no attempt.
 * A request is never cut off, neither by a cancellation nor by a shutdown: it ends within its own timeout.
 */
export async function deliver(deps: DeliverDeps, input: DeliverInput): Promise<DeliveryEnd> {
  const turn = await deps.pace.enter(input.webhookId);
  try {
    return await attemptOnce(deps, input, { turn });
  } finally {
    turn.end();
  }
}

/** Takes the token and the right to send; lets those who became due earlier take theirs first, for a moment. */
async function takeInOrder(deps: DeliverDeps, input: DeliverInput, ifEasy: boolean) {
  const { db, unrecorded, sealer } = deps;
  await unrecorded.settle(input.deliveryId);
  const deadline = performance.now() + longestBehindMs;
  for (;;) {
    const beganAt = performance.now();
    const { timeoutMs } = input;
    const taken = await takeAttempt(db, input.deliveryId, {
      timeoutMs,
      ifEasy,
      processId: unrecorded.processId,
      keyIds: sealer.keyIds,
    });
    if (taken.answer !== 'behind') return { taken, beganAt, answeredAt: performance.now() };
    if (beganAt + taken.waitMs > deadline) {
      const { waitMs } = taken;
      return { taken: { answer: 'wait', waitMs } as const, beganAt, answeredAt: performance.now() };
    }
    await delay(taken.waitMs);
  }
}

interface SendOptions {
  ifEasy?: boolean;
  turn?: Turn | undefined;
}

/** In the fast lane, of whose slots each receiver may hold only so many. */
async function sendInline(deps: DeliverDeps, input: DeliverInput, options: SendOptions = {}): Promise<DeliveryEnd> {
  // Before anything is waited for: what comes in the same moment is counted too.
  const close = deps.openRequests.open(input.webhookId, input.tenantId);
  try {
    return await attemptOnce(deps, input, options);
  } finally {
    close();
  }
}

async function attemptOnce(
  deps: DeliverDeps,
  input: DeliverInput,
  { ifEasy = false, turn }: SendOptions,
): Promise<DeliveryEnd> {
  const { taken, beganAt, answeredAt } = await takeInOrder(deps, input, ifEasy);
  switch (taken.answer) {
    case 'ended':
      return { status: taken.status as DeliveryEnd['status'], message: `was ${taken.status} already` };
    case 'wait':
      if (ifEasy) throw notAtOnce();
      throw notNow(taken.waitMs, taken.waitMs === null ? 'others wait for a token' : `not for ${taken.waitMs} ms`);
    case 'replan':
      throw notRetried(failureType.planChanged, 'the settings of the webhook changed');
    case 'sealed':
      if (ifEasy) throw notAtOnce();
      deps.log.error(
        { webhook: input.webhookId, delivery: input.deliveryId },
        'webhook.sealed_by_unknown_key: its secret or headers need an encryption key that this process has not; nothing is sent',
      );
      throw notNow(unknownKeyWaitMs, 'sealed with a key that this process has not');
    case 'send':
      break;
  }

  const { attempt } = taken;
  const headers = signedHeaders(deps, input.deliveryId, attempt);
  // Postgres lets nobody else send until the timeout and 5 s after the token was taken. An answer of Postgres that took
  // most of that, or a process that was stopped since, leaves too little: no request, no attempt, and the next one in a
  // few seconds. Looked at immediately before the request.
  const takenForMs = performance.now() - beganAt;
  if (takenForMs > latestSendMs)
    throw new DatabaseUnavailableError(`Postgres took ${Math.round(takenForMs)} ms to give a token; too late to send`, {
      reason: 'busy',
    });

  const waitedMs = Math.round(performance.now() - answeredAt);
  const { url, body, timeoutMs } = attempt;
  turn?.sending();
  const finished = await deps.poster.post({ url, headers, body, timeoutMs });
  const record = attemptRecord({
    deliveryId: input.deliveryId,
    attempt,
    requestHeaders: maskHeaders(headers),
    finished,
    waitedMs,
    elapsedMs: Math.ceil(performance.now() - beganAt),
    maxRetryAfterMs: deps.maxRetryAfterMs,
  });
  const recorded = await recordOrHandOver(deps, record);
  logAttempt(deps.log, attempt, record, recorded);
  if (recorded?.disabledWebhook) {
    deps.log.warn(
      { tenant: attempt.tenantId, webhook: attempt.webhookId, delivery: record.deliveryId },
      'webhook.disabled: its receiver answered 410 Gone',
    );
    await settleSoon(deps, attempt);
  }
  return conclude(input, record, recorded);
}

function signedHeaders(
  { sealer, version }: DeliverDeps,
  deliveryId: string,
  attempt: TakenAttempt,
): Record<string, string> {
  const { tenantId } = attempt;
  return buildRequestHeaders({
    eventType: attempt.eventType,
    eventId: attempt.eventId,
    messageId: attempt.eventRowId,
    deliveryId,
    attempt: attempt.number,
    // of this attempt, by Postgres' clock: a receiver refuses what was signed over five minutes ago
    timestampSeconds: Math.floor(attempt.takenAt.getTime() / 1000),
    secret: sealer.open(attempt.sealedSecret, sealContext.secret(tenantId)),
    // Signed with the current one alone rather than not sent: whoever has the new secret needs no other.
    previousSecret: attempt.sealedPreviousSecret
      ? openIfReadable(sealer, attempt.sealedPreviousSecret, sealContext.secret(tenantId))
      : undefined,
    body: attempt.body,
    customHeaders: attempt.sealedHeaders
      ? (JSON.parse(sealer.open(attempt.sealedHeaders, sealContext.headers(tenantId))) as Record<string, string>)
      : {},
    version,
  });
}

/** Tries for a while, then leaves the record to the workflow: the request was made and must never be made again for it. */
async function recordOrHandOver(deps: DeliverDeps, record: AttemptRecord): Promise<RecordedAttempt | null> {
  try {
    // Should Postgres take it after all, then it is the same request: recorded twice, it changes nothing.
    return await answeredWithin(deps.unrecorded.record(record), recordPatienceMs);
  } catch (error) {
    deps.log.error({ error, delivery: record.deliveryId, attempt: record.number }, 'attempt.not_recorded');
  }
  // Details are stored in plain text, and an answer may echo the body: sealed, and short.
  const short: AttemptRecord = {
    ...record,
    responseBody: record.responseBody?.slice(0, 8_192) ?? null,
    responseTruncated: record.responseTruncated || (record.responseBody?.length ?? 0) > 8_192,
  };
  const details: UnrecordedDetails = {
    sealedRecord: deps.sealer.seal(JSON.stringify(short), sealContext.record(record.deliveryId)).toString('base64'),
  };
  throw notRetried(failureType.notRecorded, `attempt ${record.number} was made and could not be recorded`, details);
}

function conclude(input: DeliverInput, record: AttemptRecord, recorded: RecordedAttempt | null): DeliveryEnd {
  if (!recorded) return endOf('expired', record.number);
  const failure = shortFailure(record);
  if (recorded.status === 'failed')
    throw notRetried(failureType.deliveryFailed, endOf('failed', recorded.number, failure).message);
  if (recorded.status !== 'pending') return endOf(recorded.status, recorded.number);
  throw withoutStack(
    ApplicationFailure.create({
      type: failureType.attemptFailed,
      message: failure ?? 'failed',
      details: [{ attempt: recorded.number }],
      category: ApplicationFailureCategory.BENIGN,
      ...stretch(input, recorded.waitMs),
    }),
  );
}

/**
 * The policy's own delay unless Postgres says another: Retry-After, or the server counted an attempt that made no request.
 * What Postgres says is the same delay less the milliseconds since; later by however little is never run ahead of.
 */
function stretch(input: DeliverInput, waitMs: number): { nextRetryDelay?: number } {
  const policyDelayMs = retryDelayMs(input.attemptsUsed + Context.current().info.attempt);
  const isPolicy = waitMs <= policyDelayMs && waitMs > policyDelayMs - 200;
  return isPolicy ? {} : { nextRetryDelay: Math.max(1, waitMs) };
}

const notNow = (waitMs: number | null, message: string) => notRetried(failureType.notNow, message, { waitMs });

function notRetried(type: string, message: string, details?: NotNowDetails | UnrecordedDetails): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      type,
      message,
      nonRetryable: true,
      category: ApplicationFailureCategory.BENIGN,
      details: details ? [details] : [],
    }),
  );
}

/** A stack is stored in the history with every failure, and tells an operator of a receiver's 503 nothing. */
function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}

function logAttempt(log: Logger, attempt: TakenAttempt, record: AttemptRecord, recorded: RecordedAttempt | null): void {
  log.info(
    {
      tenant: attempt.tenantId,
      event: `${attempt.eventType} ${attempt.eventId}`,
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
