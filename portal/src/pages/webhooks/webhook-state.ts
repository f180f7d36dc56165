import type { Webhook } from '../../../../src/client/api-types.js';
import { counted } from '../../text/numbers.js';

/** How a webhook is, for people. */
export interface WebhookState {
  label: string;
  tone: 'good' | 'bad' | 'warn' | 'quiet';
  /** Null: it is not known, or does not matter. */
  since: string | null;
  /** What is the matter. */
  says: string;
  /** Null: nothing needs to be done. */
  advice: string | null;
}

/** What keeps its deliveries from arriving comes first. */
export function stateOf(webhook: Webhook): WebhookState {
  const { health, verification, unreadable } = webhook;
  const isUnverified = verification.status === 'pending';
  if (webhook.disabled_reason !== null)
    return {
      label: 'Disabled',
      tone: 'bad',
      since: webhook.disabled_at,
      says: sentence(webhook.disabled_reason),
      advice: isUnverified
        ? `Nothing is sent; its deliveries are held. ${resumeUnverified}`
        : 'Nothing is sent; its deliveries are held. Repair the receiver, send a test event, then resume: what is held is sent.',
    };
  if (unreadable.length > 0)
    return {
      label: 'Cannot be decrypted',
      tone: 'bad',
      since: null,
      says: `The service cannot decrypt the ${unreadable.join(' and the ')} of this webhook, so nothing is sent. The operator of the service has been alerted.`,
      advice: unreadable.includes('secret')
        ? 'Wait for the operator, or rotate the secret and give the new one to the receiver.'
        : 'Wait for the operator, or enter the headers again in the settings.',
    };
  if (!webhook.enabled)
    return {
      label: 'Paused',
      tone: 'quiet',
      since: null,
      says: 'Nothing is sent. New deliveries are held; none is lost.',
      advice: isUnverified
        ? resumeUnverified
        : 'Resume to send what is held, oldest first. A test event is sent even now.',
    };
  if (isUnverified)
    return {
      label: 'Verification pending',
      tone: 'warn',
      since: null,
      says: verification.last_error
        ? sentence(verificationProblem(verification.last_error))
        : 'The receiver is being asked to confirm that it wants these events.',
      advice:
        'Deliveries are held until the receiver answers the webhook.verification request with its challenge. Repair the receiver, then verify again.',
    };
  if (health.state === 'failing')
    return {
      label: 'Failing',
      tone: 'bad',
      since: health.since,
      says: `${lastFailures(health.consecutive_failures)} ${sentence(health.last_error)}`.trim(),
      advice:
        'Deliveries go on as before. Look at a failed delivery for the receiver’s answer, repair the receiver, then recover what has failed.',
    };
  return {
    label: 'Healthy',
    tone: 'good',
    since: webhook.last_success_at === null ? null : health.since,
    ...healthy(webhook),
  };
}

const resumeUnverified =
  'The receiver is not verified either. Resume, and let it answer the webhook.verification request with its challenge: before that nothing is sent, not even a test event.';

/** Why the receiver was not verified, without the call of the API that asks it again: the portal has a button. */
export const verificationProblem = (error: string): string =>
  error.replace(/ When that is corrected, call POST \S+; a new url is asked by itself\.$/, '');

function healthy({ health, last_success_at: lastSuccessAt, total_deliveries: ended }: Webhook) {
  if (health.consecutive_failures > 0)
    return {
      says: `${lastFailures(health.consecutive_failures)} ${sentence(health.last_error)}`.trim(),
      advice: 'Five failed deliveries in a row make a webhook failing. Look at the failed ones now.',
    };
  if (health.last_error !== null)
    return { says: `The last attempt failed. ${sentence(health.last_error)}`, advice: null };
  if (lastSuccessAt === null && ended === 0)
    return {
      says: 'Nothing has been sent yet.',
      advice: 'Send a test event to see whether the receiver takes it.',
    };
  return { says: 'The receiver takes what is sent.', advice: null };
}

const lastFailures = (count: number) =>
  count === 0
    ? 'The latest attempts have all failed.'
    : count === 1
      ? 'The last delivery failed.'
      : `The last ${counted(count, 'delivery', 'deliveries')} failed.`;

/** With a full stop. Null: nothing. */
export const sentence = (text: string | null): string =>
  text === null || /[.!?]$/.test(text) ? (text ?? '') : `${text}.`;

/** `All event types`, `call.completed`, `call.completed and 3 more`. */
export function eventsInShort(events: readonly string[]): string {
  if (events.includes('*')) return 'All event types';
  const [first = 'None', ...more] = events;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
