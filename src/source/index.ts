import { restSource, type RestSourceOptions } from './rest-source.js';
import type { TemporalSourceOptions } from './temporal-source-options.js';
import type { WebhookSource } from './webhook-source.js';

export type { EventType, GivenPayload } from '../events/event-types.js';
export { EventMismatchError, EventRefusedError, EventUnconfirmedError, WebhookSourceError } from './errors.js';
export type { RestSourceOptions } from './rest-source.js';
export type { TemporalClient, TemporalSourceOptions } from './temporal-source-options.js';
export type { SourceEvent, StoredEvent, TriggeredResult, UploadedRecording, WebhookSource } from './webhook-source.js';

/**
 * For a service of the platform: triggers events over the REST API, or over Temporal, which also works while the API or
 * Postgres is away. Opens and stores nothing; create one per process.
 */
export function createWebhookSource(options: RestSourceOptions | TemporalSourceOptions): WebhookSource {
  return 'temporal' in options ? lazyTemporalSource(options) : restSource(options);
}

/** Loaded when first used, so that a service that uses REST loads nothing but Node. */
function lazyTemporalSource(options: TemporalSourceOptions): WebhookSource {
  let loading: Promise<WebhookSource> | undefined;
  const source = () =>
    (loading ??= import('./temporal-source.js').then(({ temporalSource }) => temporalSource(options)));
  return {
    triggerEvent: async (event) => (await source()).triggerEvent(event),
    recordingCompleted: async (recording) => (await source()).recordingCompleted(recording),
  };
}
