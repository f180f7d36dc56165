/** An event as the history holds it: sealed; only the activity opens it. */
export interface SealedEvent {
  /** The key that opens it. */
  keyId: string;
  /** Nonce, ciphertext and tag, in base64. */
  sealed: string;
}

/** A workflow may also be started without the codec, hence the check. */
export function isSealedEvent(event: unknown): event is SealedEvent {
  const { keyId, sealed } = (event ?? {}) as Partial<Record<keyof SealedEvent, unknown>>;
  return typeof keyId === 'string' && typeof sealed === 'string';
}

/** What an accepted event became: ids and numbers, as results are stored in plain text. */
export interface AcceptEventResult {
  /** Our id of the event. */
  id: string;
  deliveries: number;
  /** True if Postgres already had the same event: it was triggered by REST as well, or a long time ago. */
  repeated: boolean;
}

/** The types of ApplicationFailure of `acceptEvent`. Their messages name fields, never a value of the payload. */
export const acceptFailure = {
  /** The argument was sent without the codec, so the history now holds it in plain text. It is refused. */
  notSealed: 'EventNotSealed',
  /** No key here opens it. Retried, since a worker may get the key. */
  unreadable: 'EventUnreadable',
  /** It is not a valid event. */
  invalid: 'InvalidEvent',
  unknownTenant: 'UnknownTenant',
  /** The same tenant, event type and event id came before, with another payload. */
  mismatch: 'EventMismatch',
} as const;

/** The queue of `acceptEvent`. Its own, so that deliveries never wait behind events that Postgres has yet to take. */
export const acceptTaskQueue = (taskQueue: string): string => `${taskQueue}-accept`;
