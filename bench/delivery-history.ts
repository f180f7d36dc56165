import type { Pool } from 'pg';

const spanDays = 28;
/** The newest fifth failed, as if a receiver died: a search for delivered ones has to go further back than that. */
const outageShare = 0.2;

/** What a filled webhook holds: the same proportions of each kind, whatever its size. */
export interface HistoryFacts {
  /** Four deliveries have it, in the middle of the history. */
  eventId: string;
  /** A fifth of the history, in its middle. */
  middle: { since: string; until: string };
  /** The oldest tenth. */
  oldUntil: string;
  outageSince: string;
  deliveryId: string;
}

/**
 * Gives a webhook `count` ended deliveries over four weeks, with events, attempts, counters, recoveries and the audit log
 * as the service would have left them. Written directly in SQL: over the API a million would take hours.
 */
export async function fillHistory(
  db: Pool,
  webhook: { id: number; tenantId: string },
  count: number,
  eventTypes: readonly string[],
): Promise<HistoryFacts> {
  const client = await db.connect();
  try {
    // Faster, and safe here: after a crash everything is made again.
    await client.query("set synchronous_commit = off; set maintenance_work_mem = '256MB'");
    await client.query('drop table if exists bench_history');
    await client.query(
      `create unlogged table bench_history as
       select g, created_at, ${idAt('created_at')} as event_row, ${idAt('created_at')} as delivery,
              ($2::text[])[1 + g % cardinality($2::text[])] as event_type, 'call-' || g / 4 as event_id,
              g > $1 * ${1 - outageShare} or g % 50 = 0 as failed, 20 + g % 180 as duration_ms
         from generate_series(1, $1::int) g
        cross join lateral (select now() - interval '${spanDays} days' * ($1 + 1 - g) / $1 as created_at) t`,
      [count, eventTypes],
    );
    await client.query(
      `insert into webhook_events (id, tenant_id, event_type, event_id, occurred_at, body, created_at)
       select event_row, $1, event_type, event_id, created_at,
              '{"event":"' || event_type || '","event_id":"' || event_id || '","timestamp":"","data":{"note":"' || repeat('x', 200) || '"}}',
              created_at
         from bench_history order by g`,
      [webhook.tenantId],
    );
    await client.query(
      `insert into webhook_deliveries (id, event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as,
                                       attempt_count, due_at, pending_since, workflow_started_at, created_at, finished_at)
       select delivery, event_row, $1, $2, event_type, event_id, case when failed then 'failed' else 'delivered' end, 'pending',
              1, created_at, null, created_at, created_at, created_at + duration_ms * interval '1 ms'
         from bench_history order by g`,
      [webhook.id, webhook.tenantId],
    );
    await client.query(
      `insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers,
                                     response_headers, response_body, error_class, error_message)
       select delivery, 1, gen_random_uuid(), created_at, duration_ms, case when failed then 503 else 200 end,
              '{"Content-Type":"application/json","User-Agent":"IRISX-Webhooks"}', '{"content-type":"text/plain"}', 'ok',
              case when failed then 'http_status' end, case when failed then 'The receiver answered 503; only 2xx is success.' end
         from bench_history order by g`,
    );
    await client.query(
      `insert into webhook_counters (webhook_id, slot, delivered, failed, attempts, duration_ms, last_success_at, last_failure_at)
       select $1, g % 8, count(*) filter (where not failed), count(*) filter (where failed), count(*), sum(duration_ms),
              max(created_at) filter (where not failed), max(created_at) filter (where failed)
         from bench_history group by g % 8`,
      [webhook.id],
    );
    // Enough of each for a page, whatever the size.
    await client.query(
      `insert into webhook_recoveries (id, webhook_id, tenant_id, status, statuses, include_missing, total, created_at, finished_at)
       select ${idAt('created_at')}, $1, $2, 'completed', '{failed}', false, 0, created_at, created_at
         from bench_history where g % 1000 = 0 or g <= 60`,
      [webhook.id, webhook.tenantId],
    );
    await client.query(
      `insert into audit_entries (id, tenant_id, created_at, actor_type, actor_name, action, subject_id, changes)
       select ${idAt('created_at')}, $2, created_at, 'api_key', 'bench', a.action, a.subject,
              '{"description": {"old": null, "new": "changed"}}'
         from bench_history cross join lateral (
           values ('webhook.updated', $1::text), ('recovery.created', delivery::text)) a (action, subject)
        where g % 10 = 0`,
      [webhook.id, webhook.tenantId],
    );
    const { rows } = await client.query<{ event_id: string; delivery: string; at: Date[] }>(
      `select event_id, delivery,
              (select array_agg(created_at order by g) from bench_history
                where g in (ceil($1 * 0.1), ceil($1 * 0.4), ceil($1 * 0.6), ceil($1 * ${1 - outageShare}) + 1)) as at
         from bench_history where g = ($1 / 8) * 4`,
      [count],
    );
    await client.query('drop table bench_history');
    // Autovacuum would have done this in four weeks. Otherwise it would start in the middle of the measurement.
    for (const table of [
      'webhook_events',
      'webhook_deliveries',
      'webhook_attempts',
      'webhook_recoveries',
      'audit_entries',
    ])
      await client.query(`vacuum (analyze) ${table}`);
    const { event_id: eventId, delivery: deliveryId, at } = rows[0]!;
    const [oldUntil, since, until, outageSince] = at.map((date) => date.toISOString());
    return {
      eventId,
      deliveryId,
      middle: { since: since!, until: until! },
      oldUntil: oldUntil!,
      outageSince: outageSince!,
    };
  } finally {
    client.release(true);
  }
}

/** SQL for a UUID version 7 of that time, like those of `uuid_v7()`. */
function idAt(moment: string): string {
  const random = `md5(random()::text || g)`;
  return `(select (left(uuid_v7_floor(${moment})::text, 15) || substr(r, 1, 3) || '-8' || substr(r, 4, 3) || '-' || substr(r, 7, 12))::uuid
             from (select ${random} as r) random)`;
}
