import { z } from 'zod';
import type { JsonSchema } from './field-type.js';
import * as payloads from './payloads.js';

export const orderingKeys = ['call_sid', 'message_sid', 'phone_number'] as const;
export type OrderingKey = (typeof orderingKeys)[number];

/** One entry of the catalogue. `schema` allows unknown fields; `example` fits it. */
export interface EventTypeDefinition<Name extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  name: Name;
  description: string;
  schema: Schema;
  example: z.input<Schema>;
  /** The field of the payload whose events are numbered: they tell of one thing, one after the other. Absent: none. */
  orderingKey?: OrderingKey;
  /** Its event ids may name a person, as a phone number does. Absent: they do not. */
  hasPersonalIds?: true;
}

function define<const Name extends string, Schema extends z.ZodObject>(
  definition: EventTypeDefinition<Name, Schema>,
): EventTypeDefinition<Name, Schema> {
  return definition;
}

const exampleCall = '4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4';
const exampleMessage = 'SM1234567890abcdef1234567890abcdef';
const exampleTime = '2025-10-29T12:00:00.000Z';
const exampleWebhook = { webhook_id: 123, url: 'https://example.com/webhooks', since: exampleTime };

/** Everything that a tenant can be notified of: the one place where an event type is added. */
export const eventTypes = [
  define({
    name: 'call.initiated',
    description: 'An inbound or outbound call was created; it has not been answered yet.',
    schema: payloads.callInitiated,
    orderingKey: 'call_sid',
    example: {
      call_sid: exampleCall,
      direction: 'outbound',
      from: '+15551234567',
      to: '+15559876543',
      status: 'initiated',
      timestamp: '2025-10-29T11:58:00.000Z',
    },
  }),
  define({
    name: 'call.answered',
    description: 'A call was answered.',
    schema: payloads.callAnswered,
    orderingKey: 'call_sid',
    example: {
      call_sid: exampleCall,
      from: '+15551234567',
      to: '+15559876543',
      status: 'in-progress',
      answered_at: '2025-10-29T11:58:00.000Z',
    },
  }),
  define({
    name: 'call.completed',
    description:
      'A call ended, whether it was answered or not. Sent once per call, as its last event except for recordings.',
    schema: payloads.callCompleted,
    orderingKey: 'call_sid',
    example: {
      call_sid: exampleCall,
      from: '+15551234567',
      to: '+15559876543',
      direction: 'outbound',
      status: 'completed',
      hangup_cause: 'NORMAL_CLEARING',
      duration_seconds: 120,
      started_at: '2025-10-29T11:58:00.000Z',
      answered_at: '2025-10-29T11:58:00.000Z',
      ended_at: exampleTime,
    },
  }),
  define({
    name: 'call.dtmf',
    description: 'A key was pressed during a call. Sent once for each press.',
    schema: payloads.callDtmf,
    orderingKey: 'call_sid',
    example: { call_sid: exampleCall, digit: '5', timestamp: exampleTime },
  }),
  define({
    name: 'call.recording.completed',
    description: 'A recording of a call was stored and can be downloaded. A call may have several.',
    schema: payloads.callRecordingCompleted,
    orderingKey: 'call_sid',
    example: {
      call_sid: exampleCall,
      recording_url: `https://recordings.example.com/${exampleCall}.wav`,
      duration_seconds: 120,
      size_bytes: 1920044,
      format: 'wav',
      created_at: exampleTime,
    },
  }),
  define({
    name: 'sms.sent',
    description: 'The provider accepted an outbound SMS or MMS. A later event says whether it was delivered.',
    schema: payloads.smsSent,
    orderingKey: 'message_sid',
    example: {
      message_sid: exampleMessage,
      from: '+15551234567',
      to: '+15559876543',
      body: 'Your table is ready',
      media_urls: [],
      direction: 'outbound',
      status: 'sent',
      provider_status: 'queued',
      segments: 1,
      timestamp: exampleTime,
    },
  }),
  define({
    name: 'sms.received',
    description: "One of the tenant's numbers received an SMS or MMS.",
    schema: payloads.smsReceived,
    orderingKey: 'message_sid',
    example: {
      message_sid: exampleMessage,
      from: '+15551234567',
      to: '+15559876543',
      body: 'Hello from customer',
      media_count: 0,
      direction: 'inbound',
      received_at: exampleTime,
    },
  }),
  define({
    name: 'sms.delivered',
    description: 'The provider reported that an outbound message was delivered.',
    schema: payloads.smsDelivered,
    orderingKey: 'message_sid',
    example: { message_sid: exampleMessage, status: 'delivered', error_code: null, timestamp: exampleTime },
  }),
  define({
    name: 'sms.failed',
    description: 'An outbound message could not be sent, or was not delivered.',
    schema: payloads.smsFailed,
    orderingKey: 'message_sid',
    example: { message_sid: exampleMessage, status: 'undelivered', error_code: '30003', timestamp: exampleTime },
  }),
  define({
    name: 'tenant.limit.warning',
    description: 'Usage of a resource reached 80 percent of its limit.',
    schema: payloads.tenantLimitWarning,
    example: {
      resource: 'call_minutes',
      current: 820,
      limit: 1000,
      percent_used: 82,
      month: '2025-10',
      timestamp: exampleTime,
    },
  }),
  define({
    name: 'tenant.limit.reached',
    description: 'Usage of a resource reached its limit.',
    schema: payloads.tenantLimitReached,
    example: { resource: 'call_minutes', current: 1000, limit: 1000, month: '2025-10', timestamp: exampleTime },
  }),
  define({
    name: 'phone_number.assigned',
    description: 'A phone number was assigned to the tenant.',
    schema: payloads.phoneNumberAssigned,
    orderingKey: 'phone_number',
    example: { phone_number: '+15559876543', assigned_at: exampleTime },
    // The integration guide makes them from the number.
    hasPersonalIds: true,
  }),
  define({
    name: 'webhook.failing',
    description:
      'The last 5 deliveries of another webhook failed, or all its attempts of the last 10 minutes and at least 10. Sent once, until it recovers.',
    schema: payloads.webhookHealth,
    example: {
      ...exampleWebhook,
      reason: 'The last 5 deliveries failed. The last error: The receiver answered 503; only 2xx is success.',
      consecutive_failures: 5,
    },
  }),
  define({
    name: 'webhook.recovered',
    description:
      'Another webhook that was failing or disabled is healthy: a delivery succeeded, or it was enabled again.',
    schema: payloads.webhookHealth,
    example: { ...exampleWebhook, reason: 'A delivery succeeded.', consecutive_failures: 0 },
  }),
  define({
    name: 'webhook.disabled',
    description:
      'The service disabled another webhook, because its receiver answered 410 Gone or failed for too long. Its deliveries are held until it is enabled again.',
    schema: payloads.webhookHealth,
    example: {
      ...exampleWebhook,
      reason:
        'No delivery has succeeded for 120 hours, and 31 have failed since 2025-10-24T12:00:00Z. The last error: The receiver answered 503; only 2xx is success. Enable the webhook once its receiver works.',
      consecutive_failures: 31,
    },
  }),
  define({
    name: 'webhook.test',
    description: 'A test event, sent on request to check a webhook. Nothing has happened.',
    schema: payloads.webhookTest,
    example: { message: 'This is a test of your webhook.', webhook_id: 123 },
  }),
] as const;

type Definition = (typeof eventTypes)[number];

/** The name of an event type, `call.completed`. */
export type EventType = Definition['name'];

/** What an event of this type carries; fields beyond the known ones are `unknown`. */
export type EventPayload<T extends EventType> = z.infer<Extract<Definition, { name: T }>['schema']>;

/** A field as a source may give it: a time may also be a Date, which is sent as RFC 3339 text. */
type GivenField<Schema> =
  Schema extends z.ZodOptional<infer Inner>
    ? GivenField<Inner> | undefined
    : Schema extends z.ZodNullable<infer Inner>
      ? GivenField<Inner> | null
      : Schema extends z.ZodISODateTime
        ? string | Date
        : z.input<Schema>;

type GivenFields<Schema extends z.ZodObject> = {
  [Field in keyof z.input<Schema>]: Field extends keyof Schema['shape'] ? GivenField<Schema['shape'][Field]> : unknown;
};

/** The payload that an event of this type is triggered with. Unknown fields are allowed. */
export type GivenPayload<T extends EventType> = GivenFields<Extract<Definition, { name: T }>['schema']>;

/** An event type together with a payload that fits it, for each of the types in `T`. */
export type TypedPayload<T extends EventType = EventType> = T extends EventType
  ? { eventType: T; payload: GivenPayload<T> }
  : never;

/** In the order of the catalogue. */
export const eventTypeNames: readonly EventType[] = eventTypes.map(({ name }) => name);

/** An event type as the REST API shows it; `schema` is JSON Schema, draft 2020-12. */
export interface EventTypeDescription {
  name: EventType;
  description: string;
  schema: JsonSchema;
  example: Record<string, unknown>;
  /** Null: its events are not numbered. */
  ordering_key: OrderingKey | null;
}

const descriptions: readonly EventTypeDescription[] = eventTypes.map(
  ({ name, description, schema, example, orderingKey }: EventTypeDefinition<EventType>) => ({
    name,
    description,
    schema: z.toJSONSchema(schema),
    example,
    ordering_key: orderingKey ?? null,
  }),
);

const byName = new Map<string, EventTypeDefinition<EventType>>(eventTypes.map((type) => [type.name, type]));
const jsonSchemas = new Map<string, JsonSchema>(descriptions.map(({ name, schema }) => [name, schema]));

/** Undefined for a name that is not in the catalogue; `*` is not an event type. */
export function findEventType(name: string): EventTypeDefinition<EventType> | undefined {
  return byName.get(name);
}

/** The payload of that event type as JSON Schema. */
export function payloadSchema(name: string): JsonSchema | undefined {
  return jsonSchemas.get(name);
}

/** The whole catalogue, in its order, ready to be sent as JSON. The same objects each time: do not change them. */
export function describeEventTypes(): EventTypeDescription[] {
  return [...descriptions];
}
