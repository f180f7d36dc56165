/** What the API's problem document (RFC 9457) said, if there was one. */
export interface Refusal {
  /** Null: there was no response. */
  status: number | null;
  /** The kind of problem, `urn:irisx:problem:…`; null if the response is not the API's. */
  type: string | null;
  /** The fields that were wrong. */
  errors: readonly { path: string; message: string }[];
  /** `X-Request-Id`: identifies the request in the service's log. */
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

/** The event is wrong, or the API key is: triggering it again unchanged would not help. */
export class EventRefusedError extends WebhookSourceError {
  override readonly name: string = 'EventRefusedError';
}

/** Tenant, event type and event id were accepted before with another payload. That is delivered, this one never. */
export class EventMismatchError extends EventRefusedError {
  override readonly name = 'EventMismatchError';
}

/**
 * There was no response in time, or only temporary failures. The event may have been accepted all the same: trigger it
 * again with the same event id and the same payload, which is harmless.
 */
export class EventUnconfirmedError extends WebhookSourceError {
  override readonly name = 'EventUnconfirmedError';
  /** How long to wait before the next try, if the API said so; else null. */
  readonly retryAfterMs: number | null;
  constructor(message: string, refusal: Refusal & { retryAfterMs?: number; cause?: unknown }) {
    super(message, refusal, refusal.cause === undefined ? {} : { cause: refusal.cause });
    this.retryAfterMs = refusal.retryAfterMs ?? null;
  }
}
