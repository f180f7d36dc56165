/** What the API said, in its problem document (RFC 9457), as far as it said anything. */
export interface Refusal {
  /** Null: nobody answered. */
  status: number | null;
  /** The kind of problem, `urn:irisx:problem:…`; null for an answer that is none of the API's. */
  type: string | null;
  /** The fields that were wrong. */
  errors: readonly { path: string; message: string }[];
  /** `X-Request-Id`: names the request in the service's log. */
  requestId: string | null;
}

/** An event of a source was not accepted. The message says what was wrong, and what to do. */
export class WebhookSourceError extends Error implements Refusal {
  override readonly name: string = 'WebhookSourceError';
  readonly status: number | null;
  readonly type: string | null;
  readonly errors: Refusal['errors'];
  readonly requestId: string | null;
  constructor(message: string, refusal: Refusal, options?: { cause?: unknown }) {
    super(message, options);
    this.status = refusal.status;
    this.type = refusal.type;
    this.errors = refusal.errors;
    this.requestId = refusal.requestId;
  }
}

/** The event is wrong, or the API key is: to trigger it again as it is would not help. */
export class EventRefusedError extends WebhookSourceError {
  override readonly name: string = 'EventRefusedError';
}

/** This tenant, event type and event id were accepted before with another payload: that one is delivered, this one never. */
export class EventMismatchError extends EventRefusedError {
  override readonly name = 'EventMismatchError';
}

/**
 * Nobody answered in time, or only with failures that may pass. The event may have been accepted all the same: trigger it
 * again with the same event id and the same payload, which is harmless.
 */
export class EventUnconfirmedError extends WebhookSourceError {
  override readonly name = 'EventUnconfirmedError';
  /** What the API asked to wait before the next try; null: it said nothing. */
  readonly retryAfterMs: number | null;
  constructor(message: string, refusal: Refusal & { retryAfterMs?: number; cause?: unknown }) {
    super(message, refusal, refusal.cause === undefined ? {} : { cause: refusal.cause });
    this.retryAfterMs = refusal.retryAfterMs ?? null;
  }
}
