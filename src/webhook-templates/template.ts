import type { EventType } from '../events/event-types.js';

/** Settings of a webhook that posts to a well-known service. */
export interface WebhookTemplate {
  name: string;
  title: string;
  /**
   * A regular expression that the webhook's url must match. A named group is a parameter of the url that the service
   * expects in the body: it is taken out of the url and put where the transform says `{{name}}`.
   */
  urlPattern: string;
  /** How such a url looks, for people. */
  urlForm: string;
  events: readonly (EventType | '*')[];
  /** JSONata; null if the service takes the event as it is. */
  transform: string | null;
  /** Null where the service documents no limit. */
  rateLimitPerMinute: number | null;
  rateLimitPerHour: number | null;
  /** What a person does, in short sentences. */
  steps: readonly string[];
}

/** For chats and alerts: what people want to know at once. Answered calls and pressed keys would be too many. */
export const eventsForPeople: readonly EventType[] = [
  'call.completed',
  'call.recording.completed',
  'sms.received',
  'sms.failed',
  'tenant.limit.warning',
  'tenant.limit.reached',
  'phone_number.assigned',
  'webhook.failing',
  'webhook.recovered',
  'webhook.disabled',
];
