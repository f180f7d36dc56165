/** An event as the history holds it: sealed, and opened by the activity alone. */
export interface SealedEvent {
  /** Of the key that opens it. */
  keyId: string;
  /** Nonce, ciphertext and tag, in base64. */
  sealed: string;
}

/** Also what was started without the codec gets here, hence the check. */
export function isSealedEvent(event: unknown): event is SealedEvent {
  const { keyId, sealed } = (event ?? {}) as Partial<Record<keyof SealedEvent, unknown>>;
  return typeof keyId === 'string' && typeof sealed === 'string';
}

/** What an accepted event became: ids and numbers, as results are stored in plain text. */
export interface AcceptEventResult {
  /** Our id of the event. */
  id: string;
  deliveries: number;
  /** True if Postgres had the same event before: it was triggered by REST as well, or a long time ago. */
  repeated: boolean;
}

/** The types of ApplicationFailure of `acceptEvent`. Their messages name fields, never a value of the payload. */
export const acceptFailure = {
  /** The argument was sent without the codec: it is refused, as the history now holds it in plain text. */
  notSealed: 'EventNotSealed',
  /** No key here opens it. Tried again, since a worker may get the key. */
  unreadable: 'EventUnreadable',
  /** It is no event that can be stored. */
  invalid: 'InvalidEvent',
  unknownTenant: 'UnknownTenant',
  /** The same tenant, event type and event id came before, with another payload. */
  mismatch: 'EventMismatch',
} as const;

/** Where `acceptEvent` runs: apart from deliveries, which never wait behind events that Postgres has yet to take. */
export const acceptTaskQueue = (taskQueue: string): string => `${taskQueue}-accept`;
