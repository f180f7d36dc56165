import type { Webhook } from '../../../../src/client/api-types.js';
import { duration, relativeTime, shortTime } from '../../text/times.js';
import type { Explanation, Situation } from './explain-delivery.js';
import type { ErrorExplanation } from './explain-error.js';

// Delays over 16 s are stretched by up to a tenth; the rest is for clocks and a busy service.
const stretch = 1.1;
const toleranceMs = 5_000;

/** What a pending delivery waits for. */
export function explainPending(situation: Situation, failure: ErrorExplanation | null): Explanation {
  const { delivery, now } = situation;
  const webhook = situation.webhook === 'deleted' ? undefined : situation.webhook;
  const info = { tone: failure ? 'warn' : 'info', links: [] } as const;
  const failed = failure && `Attempt ${delivery.attempt_count} failed: ${failure.clause}. ${failure.meaning}`;
  if (delivery.in_flight)
    return {
      ...info,
      title: 'On its way: a request is open.',
      reason: failed,
      next: `It began ${relativeTime(delivery.attempt_started_at!, now)}${webhook ? `; the receiver has ${duration(webhook.timeout_ms)} to answer` : ''}.`,
    };
  const nextAt = delivery.next_attempt_at;
  if (nextAt === null) {
    if (delivery.ordering_key !== null && webhook?.ordering === 'key') return waitsForTurn(situation, failed);
    return { ...info, title: 'On its way: it is sent in a moment.', reason: failed, next: null };
  }
  const at = `${shortTime(nextAt, now)} (${relativeTime(nextAt, now)})`;
  if (delivery.attempt_count === 0 && delivery.batch_id === null && webhook?.batch)
    return {
      ...info,
      title: `Waits for a batch, which leaves at ${at} at the latest.`,
      reason: `The webhook gets up to ${webhook.batch.max_events} events in one request.`,
      next: 'There is nothing to do. “Send now” sends it alone, at once.',
    };
  if (new Date(nextAt).getTime() <= now.getTime())
    return {
      ...info,
      title: 'Due: it is sent as soon as a sender is free.',
      reason: failed,
      next: failure && failure.remedy,
    };
  const waits = delivery.attempt_count === 0 || isLaterThanPlanned(situation, webhook);
  const limit = {
    reason: 'The webhook’s rate limit lets no request out before that. Retries and tests count towards it, too.',
    links: [{ text: 'Settings of the webhook', to: `webhooks/${delivery.webhook_id}/settings` }],
  };
  if (!failure)
    return {
      ...info,
      ...limit,
      title: `Waits for the rate limit: it is sent at ${at}.`,
      next: 'Raise the limit if the receiver can take more.',
    };
  const retryAfter = situation.lastAttempt?.response_headers?.['retry-after'];
  return {
    ...info,
    title: `Waits for its next attempt, at ${at}.`,
    reason: [
      failed,
      retryAfter && `The receiver asked for that with Retry-After: ${retryAfter}.`,
      waits && limit.reason,
    ]
      .filter(Boolean)
      .join(' '),
    next: failure.remedy,
    links: waits ? limit.links : [],
  };
}

function waitsForTurn({ delivery }: Situation, failed: string | null): Explanation {
  return {
    tone: 'info',
    title: 'Waits for its turn behind an earlier event of the same call, message or number.',
    reason: [
      failed,
      `The webhook keeps the order of events with one ordering key, here ${delivery.ordering_key}. This is number ${delivery.sequence}.`,
    ]
      .filter(Boolean)
      .join(' '),
    next: 'It is sent when the one before it has been delivered or given up. “Send now” sends it out of turn.',
    links: [
      {
        text: 'What it waits for',
        to: `events?ordering_key=${encodeURIComponent(delivery.ordering_key!)}`,
      },
    ],
  };
}

/** The schedule alone would send it earlier, and the receiver did not ask for a delay. */
function isLaterThanPlanned({ delivery, lastAttempt }: Situation, webhook: Webhook | undefined): boolean {
  if (!webhook || !lastAttempt || lastAttempt.response_headers?.['retry-after'] !== undefined) return false;
  const endedMs = new Date(lastAttempt.started_at).getTime() + lastAttempt.duration_ms;
  const delayMs = Math.max(0, ...webhook.retry_schedule) * 1_000;
  return new Date(delivery.next_attempt_at!).getTime() > endedMs + delayMs * stretch + toleranceMs;
}
