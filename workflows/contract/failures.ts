/** The types of ApplicationFailure with which an activity that sends ends, all without cause: causes are stored in plain text. */
export const failureType = {
  /** The receiver failed and attempts are left; the server retries by the policy. */
  attemptFailed: 'AttemptFailed',
  /** The verdict is `failed`, recorded. */
  deliveryFailed: 'DeliveryFailed',
  /** No token, or another request of this delivery is open: `NotNowDetails`. */
  notNow: 'NotNow',
  /** Inline only: this process has enough requests open to this receiver. */
  busy: 'Busy',
  /** The webhook's settings changed so that the plan no longer fits. */
  planChanged: 'PlanChanged',
  /** The request was made and Postgres did not take its record: `UnrecordedDetails`. */
  notRecorded: 'NotRecorded',
  /** The request to send a message surely did not reach Twilio; the server retries by the policy: `NotSentDetails`. */
  messageNotSent: 'MessageNotSent',
} as const;

export interface NotNowDetails {
  /** Null: plan first, others wait for tokens. */
  waitMs: number | null;
}

export interface UnrecordedDetails {
  /** The attempt's record, sealed: the history holds no answer of a receiver in plain text. */
  sealedRecord: string;
}

export interface NotSentDetails {
  /** Twilio's number, as text; null: it gave none. */
  errorCode: string | null;
}
