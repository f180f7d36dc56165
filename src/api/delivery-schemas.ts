import { z } from 'zod';
import type { Attempt } from '../db/attempt-list.js';
import { deliveryStatuses, type Delivery } from '../db/deliveries.js';
import { maskHeaders } from '../delivery/mask-headers.js';
import { errorClasses } from '../delivery/outcome.js';
import { bodiesHidden } from './http/hide-bodies.js';
import { renderTime, renderTimeOrNull, time, uuid } from './http/schemas.js';

export const statusMeaning =
  '`pending`: on its way. `delivered`, `failed`: ended. `held`: waits for its webhook to be enabled or verified. `cancelled`: its webhook was deleted, or its content was expunged. `expired`: could not be sent in the time that `ttl_seconds` gives it, or outlived the retention time';

const attemptErrorSchema = z
  .object({
    class: z.enum(errorClasses),
    message: z.string().meta({ examples: ['The receiver answered 500; only 2xx is success.'] }),
  })
  .meta({ id: 'AttemptError', description: 'Why an attempt failed' });

const statusCode = z
  .int()
  .nullable()
  .meta({ description: "The response's status code; null: there was no response", examples: [200] });
const responseBody = z
  .string()
  .nullable()
  .meta({ description: 'At most 64 KB of the response body, as text', examples: ['{"received":true}'] });
const durationMs = z
  .int()
  .meta({ description: 'From the DNS lookup to the last byte of the response', examples: [245] });

const deliveryShape = {
  id: uuid(),
  webhook_id: z.int().meta({ examples: [1] }),
  event_type: z.string().meta({ examples: ['call.completed'] }),
  event_id: z.string().meta({ examples: ['4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4'] }),
  status: z.enum(deliveryStatuses).meta({ description: statusMeaning }),
  test: z
    .boolean()
    .meta({ description: 'Made by POST /v1/webhooks/:id/test; not counted in the statistics', examples: [false] }),
  attempt_count: z.int().meta({ description: 'Requests made so far', examples: [1] }),
  next_attempt_at: time(
    'When the next request is planned; null: none is. A pending delivery without one waits for an earlier event of its ordering key. One that waits for a batch leaves with it, at that time at the latest',
  ).nullable(),
  in_flight: z.boolean().meta({ description: 'Whether a request is open now', examples: [false] }),
  attempt_started_at: time('When the request that is open now began; null: none is').nullable(),
  created_at: time('When it was accepted'),
  finished_at: time('When it ended').nullable(),
  expunged_at: time(
    'When its content was erased on request; if it was still to be sent, it was cancelled then. null: it was not',
  ).nullable(),
  ordering_key: z
    .string()
    .nullable()
    .meta({
      description: 'The call, message or number that the event is about; null: its type has no ordering key',
      examples: ['4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4'],
    }),
  sequence: z
    .int()
    .nullable()
    .meta({ description: 'The number of the event among those with its ordering key, from 1', examples: [3] }),
  expires_at: time('It is not sent after this; null: it does not expire').nullable(),
  batch_id: z
    .string()
    .nullable()
    .meta({
      format: 'uuid',
      description:
        'The batch that it is sent in, or was sent in last; its own id if it went alone, in a batch of one. null: it is not in a batch',
      examples: [null],
    }),
  request_body_differs: z
    .boolean()
    .meta({ description: 'Whether a transform or a batch made the body that is sent', examples: [false] }),
  status_code: statusCode.meta({ description: "The last attempt's" }),
  duration_ms: durationMs.nullable().meta({ description: "The last attempt's" }),
  response_body: responseBody.meta({ description: "The last attempt's; lists show the first 1 KB" }),
  response_body_truncated: z
    .boolean()
    .meta({ description: 'Whether `response_body` is shortened here; the attempt has all of it', examples: [false] }),
  error: z
    .union([attemptErrorSchema, z.null()])
    .meta({ description: "The last attempt's; null: it succeeded, or there was none" }),
  bodies_hidden: bodiesHidden,
};

export const deliverySchema = z
  .object(deliveryShape)
  .meta({ id: 'Delivery', description: 'One event for one webhook, with its last attempt' });

const headers = z.record(z.string(), z.string());

export const attemptSchema = z
  .object({
    number: z.int().meta({ description: 'From 1', examples: [1] }),
    target: z.enum(['primary', 'fallback']).meta({
      description: '`primary`: sent to `url`; `fallback`: to `fallback_url`',
      examples: ['primary'],
    }),
    started_at: time('When the request began'),
    duration_ms: durationMs,
    status_code: statusCode,
    request_headers: headers.nullable().meta({
      description:
        'What was sent; of signatures the first 8 characters, to compare them; secret-looking values are masked',
      examples: [{ 'X-IRISX-Timestamp': '1761739200', 'X-IRISX-Signature': 'sha256=5c9d0f21…' }],
    }),
    response_headers: headers.nullable().meta({
      description: 'What came back; secret-looking values are masked',
      examples: [{ 'content-type': 'application/json' }],
    }),
    response_body: responseBody,
    response_truncated: z
      .boolean()
      .meta({ description: 'Whether the receiver sent more than was kept', examples: [false] }),
    error: z.union([attemptErrorSchema, z.null()]).meta({ description: 'null: it succeeded' }),
    bodies_hidden: bodiesHidden,
  })
  .meta({ id: 'Attempt', description: 'One request of a delivery' });

export const deliveryDetailSchema = z
  .object({
    ...deliveryShape,
    body: z
      .string()
      .nullable()
      .meta({
        description: 'The exact text that every attempt sends and signs; null: it is not kept any more',
        examples: ['{"event":"call.dtmf","event_id":"1","timestamp":"2025-10-29T12:00:00.000Z","data":{}}'],
      }),
    attempts: z.array(attemptSchema).meta({ description: 'The first page of attempts, first to last' }),
    attempts_next_cursor: z
      .string()
      .nullable()
      .meta({
        description: 'Pass it as `cursor` to `…/attempts` to get the next page; null on the last page',
        examples: [null],
      }),
  })
  .meta({ id: 'DeliveryDetail', description: 'A delivery with its body and its attempts' });

export const renderDelivery = (delivery: Delivery): z.input<typeof deliverySchema> => ({
  id: delivery.id,
  webhook_id: delivery.webhookId,
  event_type: delivery.eventType,
  event_id: delivery.eventId,
  status: delivery.status,
  test: delivery.test,
  attempt_count: delivery.attemptCount,
  next_attempt_at: renderTimeOrNull(delivery.nextAttemptAt),
  in_flight: delivery.attemptStartedAt !== null,
  attempt_started_at: renderTimeOrNull(delivery.attemptStartedAt),
  created_at: renderTime(delivery.createdAt),
  finished_at: renderTimeOrNull(delivery.finishedAt),
  expunged_at: renderTimeOrNull(delivery.expungedAt),
  ordering_key: delivery.orderingKey,
  sequence: delivery.sequence,
  expires_at: renderTimeOrNull(delivery.expiresAt),
  batch_id: delivery.batchId,
  request_body_differs: delivery.hasOwnBody,
  status_code: delivery.statusCode,
  duration_ms: delivery.durationMs,
  response_body: delivery.responseBody,
  response_body_truncated: delivery.responseBodyTruncated,
  error: delivery.error,
});

/** Headers are masked when they are recorded, and again here, whatever got into the table. */
export const renderAttempt = (attempt: Attempt): z.input<typeof attemptSchema> => ({
  number: attempt.number,
  target: attempt.target,
  started_at: renderTime(attempt.startedAt),
  duration_ms: attempt.durationMs,
  status_code: attempt.statusCode,
  request_headers: maskHeaders(attempt.requestHeaders),
  response_headers: attempt.responseHeaders && maskHeaders(attempt.responseHeaders),
  response_body: attempt.responseBody,
  response_truncated: attempt.responseTruncated,
  error: attempt.error,
});
