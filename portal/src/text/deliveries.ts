import type { AttemptError, Delivery } from '../../../src/client/api-types.js';
import { statusName } from './http-statuses.js';

export type DeliveryStatus = Delivery['status'];

/** What the statuses are called, and what they mean. */
export const statuses = {
  pending: { title: 'Pending', tone: 'info', meaning: 'On its way, or waiting for its next attempt' },
  delivered: { title: 'Delivered', tone: 'good', meaning: 'The receiver answered 2xx' },
  failed: { title: 'Failed', tone: 'bad', meaning: 'All attempts are used up, or the failure was final' },
  held: { title: 'Held', tone: 'warn', meaning: 'The webhook is paused, disabled or not verified' },
  expired: { title: 'Expired', tone: 'warn', meaning: 'Not delivered within the time for which it is of use' },
  cancelled: { title: 'Cancelled', tone: 'quiet', meaning: 'The webhook was deleted, or the content erased' },
} as const satisfies Record<DeliveryStatus, { title: string; tone: string; meaning: string }>;

export const statusNames = Object.keys(statuses) as DeliveryStatus[];

const classes: Record<AttemptError['class'], string> = {
  http_status: 'Answered with a failure',
  timeout: 'No answer in time',
  dns: 'Host name not found',
  connection: 'No connection',
  tls: 'TLS failed',
  blocked_address: 'Address not allowed',
  invalid_response: 'Answer not valid',
  transform: 'Transform failed',
};

/** Why an attempt failed, in a few words: `503 Service Unavailable`, `No answer in time`. */
export const errorWords = (error: AttemptError, statusCode: number | null): string =>
  error.class === 'http_status' && statusCode !== null ? statusName(statusCode) : classes[error.class];

/** What came of a delivery so far, or why it waits, in a few words; null: there is nothing to say. */
export function shortReason(delivery: Delivery): string | null {
  const { error, status } = delivery;
  if (delivery.expunged_at !== null) return 'Content erased';
  if (delivery.in_flight) return 'Request is open';
  if (error !== null && status !== 'delivered') return errorWords(error, delivery.status_code);
  if (status === 'delivered' && delivery.status_code !== null) return statusName(delivery.status_code);
  if (status === 'held') return 'Waits for the webhook';
  if (status === 'pending' && delivery.attempt_count === 0) return 'Waits to be sent';
  return null;
}
