/*
 * One SMS or MMS, until it is known whether Twilio has it. What the network does with it is reported by callbacks,
 * which need no workflow.
 *
 *   start ──► send ──┬─ accepted or refused, recorded ───────────────────────────────► end
 *              ▲     ├─ accepted or refused, not recorded ─► record, until it succeeds ─► end
 *              │     ├─ certainly not sent ─► retried by the policy; at its end ───┐
 *              │     └─ may have been sent ─► wait ─► ask Twilio's list ◄──────────┘
 *              │                                ▲          ├─ there, or a callback came ─► end
 *              └─ (given back, unrecorded)      └──────────┴─ not there ─► ask again; the last time: failed ─► end
 *
 * Postgres gives the right to send once. So whatever happens to an activity, Twilio accepts at most one request.
 */
import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { Duration } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import type { SendMessageInput, SendResult } from '../activities/messages/send-message.js';
import { failureType, type NotSentDetails } from './contract/failures.js';

/**
 * Retried for an hour: after 1, 2, 4 … 32 s, then every minute, or when Twilio's Retry-After says. Only what was
 * certainly not sent is retried.
 */
const sending = proxyActivities<Activities>({
  startToCloseTimeout: '1 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min', maximumAttempts: 65 },
});
const bookkeeping = proxyActivities<Activities>({
  startToCloseTimeout: '1 min',
  retry: { initialInterval: '1 s', maximumInterval: '1 min' },
});

/** When Twilio is asked for a message whose response was lost; a quarter of an hour in all. */
const settleAfter: readonly Duration[] = ['3 s', '15 s', '1 min', '3 min', '10 min'];

/** Completes when it is known whether Twilio has the message. */
export async function sendMessage(input: SendMessageInput): Promise<void> {
  let result: SendResult;
  do {
    try {
      result = await sending.sendMessage(input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const notSent = notSentDetails(error);
      // If the outcome of a request is unknown, Twilio may have taken it all the same.
      return settle(input, notSent ? ['1 s'] : settleAfter, notSent?.errorCode ?? null);
    }
    const { unrecorded } = result;
    if (unrecorded) result = { ...result, state: await bookkeeping.recordSend({ ...input, record: unrecorded }) };
  } while (result.unrecorded?.kind === 'not-sent');
  if (result.state === 'unsettled') await settle(input, settleAfter, null);
}

async function settle(input: SendMessageInput, waits: readonly Duration[], errorCode: string | null): Promise<void> {
  for (const [index, wait] of waits.entries()) {
    await sleep(wait);
    const isLast = index === waits.length - 1;
    if ((await bookkeeping.settleMessage({ ...input, isLast, errorCode })) === 'settled') return;
  }
}

/** The details of the last attempt, if it is known that the message was not sent. */
function notSentDetails(error: unknown): NotSentDetails | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== failureType.messageNotSent) return undefined;
  return cause.details?.[0] as NotSentDetails;
}
