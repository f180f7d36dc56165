import { unwrap } from '../../client/index.js';
import type { Context } from '../context.js';
import { fields, printable, show } from '../output.js';

/** `irisx webhooks`: all of them, or one with its statistics. */
export async function webhooks(context: Context, webhookId: number | undefined): Promise<void> {
  const { client, tenantQuery: query, json, io } = context;
  if (webhookId === undefined)
    return show(context, client.list('/v1/webhooks', { params: { query } }), {
      max: Infinity,
      heading: ['ID', 'STATE', 'DELIVERED', 'FAILED', 'EVENTS', 'URL'],
      cells: (webhook) => [
        String(webhook.id),
        stateOf(webhook),
        String(webhook.successful_deliveries),
        String(webhook.failed_deliveries),
        printable(webhook.events.join(','), 40),
        printable(webhook.url),
      ],
      none: 'There is no webhook yet; POST /v1/webhooks makes one.',
    });
  const params = { path: { webhook_id: webhookId }, query };
  const shown = unwrap(await client.GET('/v1/webhooks/{webhook_id}', { params }));
  if (json) return io.out(JSON.stringify(shown));
  const { webhook, statistics } = shown;
  fields(context, {
    webhook: String(webhook.id),
    url: printable(webhook.url),
    description: webhook.description && printable(webhook.description),
    state: stateOf(webhook),
    'last error': webhook.health.last_error && printable(webhook.health.last_error),
    events: webhook.events.join(', '),
    delivered: statistics.successful_deliveries,
    failed: statistics.failed_deliveries,
    expired: statistics.expired_deliveries,
    pending: statistics.pending_deliveries,
    held: statistics.held_deliveries,
    'mean duration': `${statistics.avg_duration_ms} ms`,
    'last success': webhook.last_success_at,
    'last failure': webhook.last_failure_at,
  });
}

function stateOf({ enabled, disabled_reason: reason, verification, health }: WebhookState): string {
  if (!enabled) return reason === null ? 'paused' : 'disabled';
  return verification.status === 'pending' ? 'unverified' : health.state;
}

interface WebhookState {
  enabled: boolean;
  disabled_reason: string | null;
  verification: { status: string };
  health: { state: string };
}
