import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

/** The types of ApplicationFailure. None has a cause, as causes are stored in plain text. */
export const failureType = {
  /** The receiver failed and attempts are left; the server retries by the policy. */
  attemptFailed: 'AttemptFailed',
  /** The delivery was given up. */
  deliveryFailed: 'DeliveryFailed',
  /** The request to send a message certainly did not reach Twilio; the server retries. With `NotSentDetails`. */
  messageNotSent: 'MessageNotSent',
} as const;

export interface NotSentDetails {
  /** Twilio's error code, as text; null if it gave none. */
  errorCode: string | null;
}

/** Without a stack: Temporal stores it in plain text with each failure, and it says nothing about a receiver or an event. */
export function failureWithoutStack(options: Parameters<typeof ApplicationFailure.create>[0]): ApplicationFailure {
  const failure = ApplicationFailure.create(options);
  failure.stack = '';
  return failure;
}

/** Like `failureWithoutStack`, for failures that are not ours: the SDK does not log them or count them in its metrics. */
export const benignFailure: typeof failureWithoutStack = (options) =>
  failureWithoutStack({ category: 'BENIGN', ...options });

/** Whether an activity's error is `attemptFailed`: recorded, and the schedule's last. Any other: the attempt was lost. */
export function isAttemptFailed(error: unknown): boolean {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return false;
  return error.cause.type === failureType.attemptFailed;
}
