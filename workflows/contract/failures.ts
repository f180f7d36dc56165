import { ApplicationFailure } from '@temporalio/common';

/** The types of ApplicationFailure, all without cause: causes are stored in plain text. */
export const failureType = {
  /** The receiver failed and attempts are left; the server retries by the policy. */
  attemptFailed: 'AttemptFailed',
  /** The delivery was given up. */
  deliveryFailed: 'DeliveryFailed',
  /** The request to send a message surely did not reach Twilio; the server retries by the policy: `NotSentDetails`. */
  messageNotSent: 'MessageNotSent',
} as const;

export interface NotSentDetails {
  /** Twilio's number, as text; null: it gave none. */
  errorCode: string | null;
}

/** For a receiver's failure, which is no fault of ours: a stack would say nothing about it, and is stored each time. */
export function receiverFailure(options: Parameters<typeof ApplicationFailure.create>[0]): ApplicationFailure {
  const failure = ApplicationFailure.create({ category: 'BENIGN', ...options });
  failure.stack = '';
  return failure;
}
