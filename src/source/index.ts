import { restSource, type RestSourceOptions } from './rest-source.js';
import type { WebhookSource } from './webhook-source.js';

export type { EventType, GivenPayload } from '../events/event-types.js';
export { EventMismatchError, EventRefusedError, EventUnconfirmedError, WebhookSourceError } from './errors.js';
export type { RestSourceOptions } from './rest-source.js';
export type { SourceEvent, StoredEvent, TriggeredResult, UploadedRecording, WebhookSource } from './webhook-source.js';

/** For a service of the platform: where it says what happened. Nothing is opened or kept; make one for the process. */
export const createWebhookSource = (options: RestSourceOptions): WebhookSource => restSource(options);
