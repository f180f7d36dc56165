import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { DatabaseUnavailableError, sqlStateOf } from '../../src/db/database.js';
import { claimSend, findMessage, messageStatus, type Message } from '../../src/db/messages.js';
import type { TriggerDeps } from '../../src/events/trigger.js';
import { findSent } from '../../src/sources/messages/find-sent.js';
import { recordAccepted, recordNotSent, recordUnsent } from '../../src/sources/messages/outbound.js';
import { statusCallbackUrl } from '../../src/sources/messages/status-callback-url.js';
import type { TwilioClient } from '../../src/sources/messages/twilio-client.js';
import type { Permits } from '../../src/temporal/priority/permits.js';
import { benignFailure, failureType, type NotSentDetails } from '../../workflows/contract/failures.js';

export interface SendMessageDeps extends TriggerDeps {
  log: Logger;
  permits: Permits;
  /** Undefined: this process is not configured to send. */
  twilio?: { client: TwilioClient; publicBaseUrl: string } | undefined;
}

export interface SendMessageInput {
  messageId: string;
  tenantId: string;
}

/** What is recorded of a request. Ids and numbers only, as it may go through the workflow's history. */
export type SendRecord =
  | {
      kind: 'accepted';
      messageSid: string;
      providerStatus: string;
      segments: number | null;
      errorCode: string | null;
      at: string;
    }
  | { kind: 'refused'; errorCode: string | null; at: string }
  | { kind: 'not-sent'; sendBeganAt: string };

export interface SendResult {
  /** `unsettled`: it may have been sent, and its outcome has to be found out. */
  state: 'settled' | 'unsettled';
  /** The request was made and Postgres did not take its outcome. */
  unrecorded?: SendRecord;
}

/** Less than the workflow's timeout leaves after the request. */
const recordTimeoutMs = 10_000;

/**
 * Sends a message that nobody has sent. Postgres gives the right to send once. It is given back only if the request
 * certainly did not reach Twilio; then this rejects with `MessageNotSent`. Safe to run any number of times, even
 * concurrently.
 */
export async function sendMessage(deps: SendMessageDeps, { messageId }: SendMessageInput): Promise<SendResult> {
  const { db, log, permits, twilio } = deps;
  if (!twilio) throw notSent({ reason: 'twilio-not-configured', errorCode: null });
  const message = await claimSend(db, messageId);
  if (!message) return { state: (await messageStatus(db, messageId)) === 'unknown' ? 'unsettled' : 'settled' };

  const context = { message: messageId, tenant: message.tenantId };
  permits.of(messageId)?.releaseSoon();
  const outcome = await twilio.client.send({
    ...message,
    statusCallback: statusCallbackUrl(twilio.publicBaseUrl, message),
  });
  const at = new Date().toISOString();
  switch (outcome.kind) {
    case 'unknown':
      log.warn(
        { ...context, reason: outcome.reason },
        'message.outcome_unknown: nothing is sent again; Twilio is asked whether it has the message',
      );
      return { state: 'unsettled' };
    case 'accepted': {
      const { messageSid, providerStatus, segments, errorCode } = outcome;
      log.info({ ...context, messageSid, providerStatus }, 'message.accepted');
      return recordOrHandOver(deps, messageId, {
        kind: 'accepted',
        messageSid,
        providerStatus,
        segments,
        errorCode,
        at,
      });
    }
    case 'refused': {
      const { statusCode, errorCode } = outcome;
      if (statusCode === 401)
        log.error(
          { ...context, account: message.accountSid, errorCode },
          'twilio.credentials_refused: check TWILIO_AUTH_TOKEN or, for another account, TWILIO_SUBACCOUNTS; no message of it is sent',
        );
      else log.info({ ...context, statusCode, errorCode }, 'message.refused');
      return recordOrHandOver(deps, messageId, { kind: 'refused', errorCode, at });
    }
    case 'not-sent': {
      const { reason, retryAfterMs } = outcome;
      log.info({ ...context, reason, retryAfterMs }, 'message.not_sent: it is retried');
      const sendBeganAt = message.sendBeganAt!.toISOString();
      const result = await recordOrHandOver(deps, messageId, { kind: 'not-sent', sendBeganAt });
      if (result.unrecorded) return result;
      throw notSent(outcome);
    }
  }
}

/** Tries for a while, then leaves it to the workflow: the record of a sent message must not be lost. */
async function recordOrHandOver(deps: SendMessageDeps, messageId: string, record: SendRecord): Promise<SendResult> {
  const deadline = performance.now() + recordTimeoutMs;
  for (let waitMs = 100; ; waitMs *= 2) {
    try {
      return { state: await recordSend(deps, { messageId, record }) };
    } catch (error) {
      if (performance.now() + waitMs < deadline && error instanceof DatabaseUnavailableError) await delay(waitMs);
      else {
        // Not the error itself: some of its fields quote the row.
        const reason = sqlStateOf(error) ?? (error as Error).message;
        deps.log.error({ reason, message: messageId, kind: record.kind }, 'message.not_recorded');
        return { state: 'settled', unrecorded: record };
      }
    }
  }
}

/** Records the outcome of the request. Safe to repeat. */
export async function recordSend(
  deps: SendMessageDeps,
  { messageId, record }: { messageId: string; record: SendRecord },
): Promise<SendResult['state']> {
  switch (record.kind) {
    case 'accepted':
      return (await recordAccepted(deps, messageId, { ...record, at: new Date(record.at) })) ? 'settled' : 'unsettled';
    case 'refused':
      await recordUnsent(deps, messageId, { errorCode: record.errorCode, at: new Date(record.at) });
      return 'settled';
    case 'not-sent':
      await recordNotSent(deps, messageId, new Date(record.sendBeganAt));
      return 'settled';
  }
}

/**
 * Looks in Twilio's list for a message for which neither a response nor a callback came. With `isLast`, a message that
 * is not there counts as never sent, and so does one that could not be handed over in all this time. Throws while
 * Twilio does not respond: nothing is concluded from silence.
 */
export async function settleMessage(
  deps: SendMessageDeps,
  { messageId, tenantId, isLast, errorCode }: SendMessageInput & { isLast: boolean; errorCode?: string | null },
): Promise<SendResult['state']> {
  const { db, log, twilio } = deps;
  const message = await findMessage(db, tenantId, messageId);
  if (message?.status === 'unknown') {
    if (!twilio) throw new Error('This worker has no Twilio account to ask.');
    // An identical message may claim the first match at the same time; then the next one in the list may be this one.
    for (const sent of await findSent(db, twilio.client, message)) {
      const { messageSid, status, segments } = sent;
      const acceptance = { ...sent, providerStatus: status, messageSid, segments, at: sent.createdAt };
      if (await recordAccepted(deps, messageId, acceptance)) {
        log.info({ message: messageId, tenant: tenantId, messageSid }, 'message.settled: it had been sent');
        return 'settled';
      }
    }
  }
  if (!message || !isOpen(message)) return 'settled';
  if (!isLast) return 'unsettled';
  await recordUnsent(deps, messageId, { errorCode: errorCode ?? null, at: new Date() });
  log.warn({ message: messageId, tenant: tenantId }, 'message.given_up: Twilio does not have it');
  return 'settled';
}

const isOpen = ({ status }: Message) => status === 'pending' || status === 'unknown';

/** No stack and no cause: both are stored in the history in plain text. */
function notSent(outcome: {
  reason: string;
  errorCode: string | null;
  retryAfterMs?: number | undefined;
}): ApplicationFailure {
  const { reason, errorCode, retryAfterMs } = outcome;
  const details: NotSentDetails = { errorCode };
  return benignFailure({
    type: failureType.messageNotSent,
    message: reason,
    details: [details],
    ...(retryAfterMs !== undefined && retryAfterMs > 0 && { nextRetryDelay: retryAfterMs }),
  });
}
