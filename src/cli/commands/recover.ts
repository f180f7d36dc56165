import { setTimeout as delay } from 'node:timers/promises';
import { unwrap, type Recovery } from '../../client/index.js';
import { UsageError, type Context } from '../context.js';

export interface RecoverOptions {
  status?: Recovery['statuses'];
  type?: string[];
  since?: string;
  until?: string;
  includeMissing?: boolean;
  dryRun?: boolean;
  wait?: boolean;
  cancel?: string;
}

const pollMs = 1_000;

/** `irisx recover`: sends everything again that a webhook missed. Resolves to false if not all of it arrived. */
export async function recover(context: Context, webhookId: number, options: RecoverOptions): Promise<boolean> {
  const { client, tenantQuery: query, io, json } = context;
  const show = (recovery: Recovery) => io.out(json ? JSON.stringify(recovery) : describe(recovery));
  if (options.cancel !== undefined) {
    const path = { webhook_id: webhookId, recovery_id: options.cancel };
    const cancelled = await client.DELETE('/v1/webhooks/{webhook_id}/recoveries/{recovery_id}', {
      params: { path, query },
    });
    show(unwrap(cancelled).recovery);
    return true;
  }
  if (!options.status && !options.includeMissing)
    throw new UsageError('Give at least one --status (failed, expired, cancelled, delivered), or --include-missing.');
  const body = {
    statuses: options.status ?? [],
    // The API knows the types, and names them if one is none.
    ...(options.type && { event_types: options.type as never }),
    ...(options.since !== undefined && { since: options.since }),
    ...(options.until !== undefined && { until: options.until }),
    ...(options.includeMissing && { include_missing: true }),
    ...(options.dryRun && { dry_run: true }),
  };
  const params = { path: { webhook_id: webhookId }, query };
  const { recovery } = unwrap(await client.POST('/v1/webhooks/{webhook_id}/recoveries', { params, body }));
  if (!('id' in recovery)) {
    const total = `${recovery.total_is_exact ? '' : 'at least '}${recovery.total}`;
    io.out(json ? JSON.stringify(recovery) : `${total} deliveries would be sent again`);
    return true;
  }
  show(recovery);
  return options.wait ? waitFor(context, webhookId, recovery, show) : true;
}

async function waitFor(context: Context, webhookId: number, begun: Recovery, show: (recovery: Recovery) => void) {
  const { client, tenantQuery: query, io } = context;
  const signal = io.untilStopped();
  let recovery = begun;
  while (recovery.status === 'running') {
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) {
      io.err(`It goes on; \`irisx recover ${webhookId} --cancel ${recovery.id}\` cancels it.`);
      return true;
    }
    const path = { webhook_id: webhookId, recovery_id: recovery.id };
    const result = await client.GET('/v1/webhooks/{webhook_id}/recoveries/{recovery_id}', { params: { path, query } });
    const before = describe(recovery);
    recovery = unwrap(result).recovery;
    if (describe(recovery) !== before) show(recovery);
  }
  return recovery.status === 'completed' && recovery.failed === 0;
}

const describe = ({ id, status, total, total_is_exact: isExact, requeued, delivered, failed }: Recovery): string =>
  `${id}  ${status}: ${requeued} of ${isExact ? '' : 'at least '}${total} on their way or ended, ${delivered} delivered, ${failed} failed`;
