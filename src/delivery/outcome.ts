/** Why an attempt failed; the names of the REST contract. */
export type ErrorClass =
  'http_status' | 'timeout' | 'dns' | 'connection' | 'tls' | 'blocked_address' | 'invalid_response';

/** What the receiver answered, capped. */
export interface ReceiverResponse {
  statusCode: number;
  /** Lower-case names; secret-looking values masked, no `set-cookie`. Repeated headers are joined with ", ". */
  headers: Record<string, string>;
  /** Text by the declared charset, else UTF-8; undecodable bytes and NUL are shown as U+FFFD. */
  body: string;
  /** True when the receiver sent more than was read. */
  truncated: boolean;
}

/** What came of one request. Every kind that a caller must decide on is a case of its own. */
export type AttemptOutcome =
  | { kind: 'accepted'; response: ReceiverResponse }
  | { kind: 'rejected'; response: ReceiverResponse; retryAfterMs?: number }
  | {
      kind: 'unreachable';
      errorClass: Exclude<ErrorClass, 'http_status'>;
      message: string;
      /**
       * The connection had carried an earlier request and broke, soon and without a byte of an answer, when this one
       * was on its way: most likely the receiver was just closing an idle connection. It may have read the request
       * all the same.
       */
      onReusedConnection: boolean;
    };

/** One finished attempt, measured by the clock of this process. */
export interface FinishedAttempt {
  startedAt: Date;
  /** From the lookup of the name to the last byte read of the answer. */
  durationMs: number;
  outcome: AttemptOutcome;
}
