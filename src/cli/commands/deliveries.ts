import { unwrap, type Delivery } from '../../client/index.js';
import { chooseWebhook, type Context } from '../context.js';
import { fields, printable, show, table } from '../output.js';

export interface DeliveriesOptions {
  webhook?: number;
  status?: Delivery['status'];
  type?: string;
  eventId?: string;
  since?: string;
  until?: string;
  limit: number;
}

/** `irisx deliveries`: the newest ones, or one with its attempts. */
export async function deliveries(context: Context, deliveryId: string | undefined, options: DeliveriesOptions) {
  if (deliveryId !== undefined) return showDelivery(context, deliveryId, options);
  const { webhook, status, type, eventId, since, until, limit } = options;
  const query = {
    ...context.tenantQuery,
    limit: Math.min(limit, 200),
    ...(webhook !== undefined && { webhook_id: webhook }),
    ...(status && { status }),
    // The API knows the types, and names them if this is none.
    ...(type !== undefined && { event_type: type as never }),
    ...(eventId !== undefined && { event_id: eventId }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
  await show(context, context.client.list('/v1/deliveries', { params: { query } }), {
    max: limit,
    heading: ['CREATED', 'DELIVERY', 'WEBHOOK', 'EVENT TYPE', 'STATUS', 'ATTEMPTS', 'LAST ANSWER'],
    cells: (delivery) => [
      delivery.created_at,
      delivery.id,
      String(delivery.webhook_id),
      delivery.event_type,
      delivery.status,
      String(delivery.attempt_count),
      answerOf(delivery),
    ],
    none: 'There is no such delivery.',
  });
}

async function showDelivery(context: Context, deliveryId: string, options: DeliveriesOptions): Promise<void> {
  const { client, tenantQuery: query, io, json } = context;
  const path = { webhook_id: await chooseWebhook(context, options.webhook), delivery_id: deliveryId };
  const { delivery } = unwrap(
    await client.GET('/v1/webhooks/{webhook_id}/deliveries/{delivery_id}', { params: { path, query } }),
  );
  if (json) return io.out(JSON.stringify(delivery));
  fields(context, {
    delivery: delivery.id,
    webhook: String(delivery.webhook_id),
    'event type': delivery.event_type,
    'event id': printable(delivery.event_id),
    status: delivery.status,
    created: delivery.created_at,
    'next attempt': delivery.next_attempt_at,
    finished: delivery.finished_at,
    body: delivery.body === null ? '(not kept any more)' : printable(delivery.body, 2_000),
  });
  if (delivery.attempts.length === 0) return;
  io.out('');
  table(context, [
    ['ATTEMPT', 'STARTED', 'DURATION', 'ANSWER'],
    ...delivery.attempts.map((attempt) => [
      String(attempt.number),
      attempt.started_at,
      `${attempt.duration_ms} ms`,
      answerOf(attempt),
    ]),
  ]);
  if (delivery.attempts_next_cursor !== null) io.err('There are more attempts; --json shows attempts_next_cursor.');
}

/** What came of an attempt, in a few words. */
function answerOf({ status_code: status, error, response_body: body }: Answer): string {
  if (error && error.class !== 'http_status') return printable(`${error.class}: ${error.message}`, 80);
  return status === null ? '' : printable(`${status} ${body ?? ''}`, 80);
}

interface Answer {
  status_code: number | null;
  error: { class: string; message: string } | null;
  response_body: string | null;
}
