import type { Attempt, Delivery, Webhook } from '../../../../src/client/api-types.js';
import { counted } from '../../text/numbers.js';
import { statusName } from '../../text/http-statuses.js';
import { duration, relativeTime, shortTime } from '../../text/times.js';
import { verificationProblem } from '../webhooks/webhook-state.js';
import { explainError, type ErrorExplanation } from './explain-error.js';
import { explainPending } from './explain-pending.js';

/** What a person wants to know first about a delivery. */
export interface Explanation {
  tone: 'good' | 'bad' | 'warn' | 'info' | 'quiet';
  /** One sentence: what came of it. */
  title: string;
  /** Why. */
  reason: string | null;
  /** What to do, or what happens next by itself. */
  next: string | null;
  /** Where that is done, as paths of the tenant's pages. */
  links: readonly { text: string; to: string }[];
}

export interface Situation {
  delivery: Delivery;
  /** 'deleted': it is not there any more. undefined: not known yet. */
  webhook: Webhook | 'deleted' | undefined;
  /** If it is known. */
  lastAttempt: Pick<Attempt, 'target' | 'started_at' | 'duration_ms' | 'response_headers'> | undefined;
  now: Date;
}

/** Its status in one plain sentence, with the reason, and what to do next. */
export function explainDelivery(situation: Situation): Explanation {
  const { delivery } = situation;
  switch (delivery.status) {
    case 'delivered':
      return explainDelivered(situation);
    case 'failed':
      return explainFailed(situation);
    case 'held':
      return explainHeld(situation);
    case 'expired':
      return explainExpired(situation);
    case 'cancelled':
      return explainCancelled(situation);
    case 'pending':
      return explainPending(situation, lastFailure(situation));
  }
}

/** Of its last attempt; null: that did not fail, or there was none. */
export const lastFailure = ({ delivery, lastAttempt }: Situation): ErrorExplanation | null =>
  delivery.error &&
  explainError({
    error: delivery.error,
    statusCode: delivery.status_code,
    headers: lastAttempt?.response_headers ?? null,
  });

const settingsOf = ({ webhook_id: id }: Delivery) => ({
  text: 'Settings of the webhook',
  to: `webhooks/${id}/settings`,
});
const webhookOf = ({ webhook_id: id }: Delivery) => ({ text: 'Open the webhook', to: `webhooks/${id}` });

function explainDelivered({ delivery, lastAttempt }: Situation): Explanation {
  const { attempt_count: attempts, status_code: code, duration_ms: ms } = delivery;
  const target = lastAttempt?.target === 'fallback' ? 'the fallback url' : 'the receiver';
  const answered = code === null ? 'took it' : `answered ${statusName(code)}`;
  const after =
    delivery.finished_at &&
    `${duration(since(delivery.created_at, delivery.finished_at))} after the event was accepted`;
  const which = attempts === 1 ? 'At the first attempt' : `At attempt ${attempts}, as those before it failed`;
  return {
    tone: 'good',
    title: `Delivered: ${target} ${answered}${ms === null ? '' : ` after ${duration(ms)}`}.`,
    reason: attempts === 0 ? null : `${which}${after ? `, ${after}` : ''}.`,
    next: 'Nothing came of it? The request was there: look for the event id in the receiver’s own log.',
    links: [],
  };
}

const since = (start: string, end: string): number => new Date(end).getTime() - new Date(start).getTime();

function explainFailed(situation: Situation): Explanation {
  const { delivery, webhook } = situation;
  const failure = lastFailure(situation);
  const attempts = counted(delivery.attempt_count, 'attempt');
  if (failure === null)
    return {
      tone: 'bad',
      title: `Not delivered: given up after ${attempts}.`,
      reason: 'The webhook’s number of retries was lowered, or its fallback url removed, meanwhile.',
      next: 'Retry it to start anew.',
      links: [settingsOf(delivery)],
    };
  const isSettings = ['blocked_address', 'transform', 'dns'].includes(delivery.error!.class);
  return {
    tone: 'bad',
    title: `Not delivered: ${failure.clause}${delivery.attempt_count > 1 ? `; given up after ${attempts}` : ''}.`,
    reason: failure.meaning,
    next: `${failure.remedy}${webhook === 'deleted' ? '' : ' Then retry, or recover all that failed.'}`,
    links: [
      ...(isSettings && webhook !== 'deleted' ? [settingsOf(delivery)] : []),
      ...(webhook === 'deleted'
        ? []
        : [{ text: 'Recover what failed', to: `recover?webhook=${delivery.webhook_id}&statuses=failed` }]),
    ],
  };
}

function explainHeld({ delivery, webhook }: Situation): Explanation {
  const held = { tone: 'warn', links: [webhookOf(delivery)] } as const;
  if (webhook === undefined || webhook === 'deleted')
    return { ...held, title: 'Held: the webhook takes nothing now.', reason: null, next: null };
  if (webhook.verification.status === 'pending')
    return {
      ...held,
      title: 'Held: the webhook’s url is not verified yet.',
      reason:
        webhook.verification.last_error === null
          ? 'Its receiver is being asked whether it wants these events.'
          : verificationProblem(webhook.verification.last_error),
      next: 'Let the receiver answer the challenge, then press “Verify again” at the webhook. Nothing is lost: all that is held follows.',
    };
  if (webhook.enabled)
    return {
      ...held,
      title: 'Held: it goes on in a moment.',
      reason: 'The webhook was just enabled; what was held is being started, oldest first.',
      next: null,
    };
  if (webhook.disabled_reason !== null)
    return {
      ...held,
      title: 'Held: the webhook was disabled by the service.',
      reason: webhook.disabled_reason,
      next: 'Correct the receiver, send the webhook a test, then enable it. All that is held follows, oldest first.',
    };
  return {
    ...held,
    title: 'Held: the webhook is paused.',
    reason: 'Somebody paused it. Nothing is lost meanwhile.',
    next: 'Resume the webhook: all that is held is then sent, oldest first.',
  };
}

function explainExpired(situation: Situation): Explanation {
  const { delivery, webhook, now } = situation;
  const failure = lastFailure(situation);
  const attempts = delivery.attempt_count;
  const tried = failure
    ? `In ${counted(attempts, 'attempt')}, the last time ${failure.clause}.`
    : 'No attempt was made before: it waited for the rate limit, its turn, or a paused webhook.';
  return {
    tone: 'warn',
    title: delivery.expires_at
      ? `Expired: it was of use until ${shortTime(delivery.expires_at, now)}, and could not be delivered by then.`
      : 'Expired: it could not be delivered within the time for which deliveries are kept.',
    reason: tried,
    next: `${failure ? `${failure.remedy} ` : ''}You can still send it; then it does not expire any more. How long events are of use is set by the webhook’s expiry.`,
    links: webhook === 'deleted' ? [] : [settingsOf(delivery)],
  };
}

function explainCancelled({ delivery, webhook, now }: Situation): Explanation {
  const cancelled = { tone: 'quiet', links: [] } as const;
  if (delivery.expunged_at !== null)
    return {
      ...cancelled,
      title: `Cancelled: its content was erased ${relativeTime(delivery.expunged_at, now)}.`,
      reason: 'Somebody asked for that, so it cannot be sent any more.',
      next: null,
    };
  if (webhook === 'deleted')
    return {
      ...cancelled,
      title: 'Cancelled: its webhook was deleted.',
      reason: 'What was still to be sent to it was cancelled.',
      next: 'The event is still there. Another webhook can get it by a recovery that includes missing events.',
    };
  return {
    ...cancelled,
    title: 'Cancelled: it was stopped before it was delivered.',
    reason: 'An operator of the platform ended it.',
    next: 'Retry it if you want it all the same.',
  };
}
