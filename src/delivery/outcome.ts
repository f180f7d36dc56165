const withoutResponse = [
  'timeout',
  'dns',
  'connection',
  'tls',
  'blocked_address',
  'invalid_response',
  'transform',
] as const;

/** Why an attempt failed; the names are those of the REST contract. */
export const errorClasses = ['http_status', ...withoutResponse] as const;
export type ErrorClass = (typeof errorClasses)[number];

/** What may come of an attempt: the class of its status, or why there was none. roll_up_statistics has this order. */
export const attemptOutcomes = ['2xx', '3xx', '4xx', '5xx', ...withoutResponse] as const;

/** The receiver's response, capped. */
export interface ReceiverResponse {
  statusCode: number;
  /** Lower-case names; secret-looking values masked, no `set-cookie`. Repeated headers are joined with ", ". */
  headers: Record<string, string>;
  /** Text by the declared charset, else UTF-8; undecodable bytes and NUL are shown as U+FFFD. */
  body: string;
  /** True when the receiver sent more than was read. */
  truncated: boolean;
}

/** What came of one request. Every kind that a caller must handle differently is a case of its own. */
export type AttemptOutcome =
  | { kind: 'accepted'; response: ReceiverResponse }
  | { kind: 'rejected'; response: ReceiverResponse; retryAfterMs?: number }
  | {
      kind: 'unreachable';
      errorClass: Exclude<ErrorClass, 'http_status' | 'transform'>;
      message: string;
      /**
       * The connection had carried an earlier request, and broke soon after this one was sent, without a byte of a
       * response: most likely the receiver was just closing an idle connection. It may still have read the request.
       */
      onReusedConnection: boolean;
    };

/** One finished attempt, measured by the clock of this process. */
export interface FinishedAttempt {
  startedAt: Date;
  /** From the lookup of the name to the last byte read of the response. */
  durationMs: number;
  outcome: AttemptOutcome;
}
