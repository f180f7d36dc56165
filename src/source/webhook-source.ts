import type { EventType, TypedPayload } from '../events/event-types.js';
import type { UploadedRecording } from '../events/recording.js';

export type { UploadedRecording } from '../events/recording.js';

/** An event of one tenant, as a service of the platform triggers it. */
export type SourceEvent<T extends EventType = EventType> = TypedPayload<T> & {
  /** Our id of the tenant (a UUID), or the platform's own (its `external_id`). */
  tenantId: string;
  /**
   * Identifies what happened: 1 to 255 printable characters, unique by tenant and event type. Must be the same when the
   * event is triggered again, as must the payload.
   */
  eventId: string;
  /** When it happened; default: when it is accepted. */
  occurredAt?: Date | string;
};

/** The result of a trigger. Either way the event is safe and will be delivered. */
export interface TriggeredResult {
  /** True if this tenant, event type and event id had been accepted before: nothing is sent again. */
  repeated: boolean;
  /** The event as Postgres has it; null if it was accepted but is not in Postgres yet (only over Temporal). */
  stored: StoredEvent | null;
}

export interface StoredEvent {
  id: string;
  /** When it happened: the `timestamp` that receivers get. */
  occurredAt: Date;
  /** One for each webhook that subscribes to the event type; `held`: the webhook is paused. */
  deliveries: { id: string; webhookId: number; status: 'pending' | 'held' }[];
}

/** How a service of the platform triggers events. All calls may be repeated. */
export interface WebhookSource {
  /** Resolves when the event is accepted: from then on it is delivered, whatever happens. */
  triggerEvent(event: SourceEvent): Promise<TriggeredResult>;
  /**
   * Triggers `call.recording.completed`, once per call and `path` however often it is reported; the first report
   * stands. True if the event was accepted, false for a repeat and for an empty recording, which makes no event.
   */
  recordingCompleted(recording: UploadedRecording): Promise<boolean>;
}
