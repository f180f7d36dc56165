import type { Pool } from 'pg';

const attemptsOfDelivery = 100;
const chunk = 1_000_000;

/**
 * Gives the webhooks `count` attempts over the year before now, in equal shares, and the statistics that the service would
 * have made of them. Written directly in SQL: over the API it would take days. `progress` is told how many are there.
 */
export async function fillYear(
  db: Pool,
  { tenantId, webhookIds }: { tenantId: string; webhookIds: readonly number[] },
  count: number,
  progress: (attempts: number) => void,
): Promise<void> {
  const client = await db.connect();
  try {
    // Faster, and safe here: after a crash everything is made again.
    await client.query("set synchronous_commit = off; set maintenance_work_mem = '256MB'; set work_mem = '256MB'");
    for (let from = 0; from < count; from += chunk) {
      const to = Math.min(count, from + chunk);
      await client.query(
        `insert into webhook_events (id, tenant_id, event_type, event_id, occurred_at, body, created_at)
         select ${idAt('g', '8')}, $1, 'call.completed', 'year-' || g, at, '{}', at from ${deliveries}`,
        [tenantId, from, to, count],
      );
      await client.query(
        `insert into webhook_deliveries (id, event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as,
                                         attempt_count, pending_since, created_at, finished_at)
         select ${idAt('g', '9')}, ${idAt('g', '8')}, ($5::integer[])[1 + g % cardinality($5::integer[])], $1, 'call.completed',
                'year-' || g, 'delivered', 'pending', ${attemptsOfDelivery}, null, at, at from ${deliveries}`,
        [tenantId, from, to, count, webhookIds],
      );
      await client.query(
        `insert into webhook_attempts (delivery_id, number, request_id, started_at, recorded_at, duration_ms, status_code,
                                       request_headers, response_body, error_class, error_message)
         select ${idAt('g', '9')}, 1 + (n - 1) % ${attemptsOfDelivery}, gen_random_uuid(), ${timeOf('n')}, date_trunc('second', ${timeOf('n')}),
                10 + (exp(random() * 6))::integer, case when n % 50 = 0 then 503 else 200 end, '{}', 'ok',
                case when n % 50 = 0 then 'http_status' end, case when n % 50 = 0 then 'The receiver answered 503.' end
           from generate_series($1::integer + 1, $2::integer) n
          cross join lateral (select (n - 1) / ${attemptsOfDelivery} as g) d where $3::integer > 0`,
        [from, to, count],
      );
      progress(to);
    }
    // As roll_up_statistics does, all at once.
    for (const [unit, since] of [
      ['minute', "now() - interval '7 days'"],
      ['hour', "'-infinity'"],
      ['day', "'-infinity'"],
    ])
      await client.query(
        `insert into webhook_statistics (tenant_id, webhook_id, unit, start, events, delivered, failed, expired, outcomes, durations, delays)
         select $1, d.webhook_id, '${unit}', date_trunc('${unit}', a.started_at, 'UTC') as start, 1, 1, 0, 0,
                histogram_of(array_agg(case when a.error_class is null then 1 else 4 end)),
                histogram_of(array_agg(histogram_place(a.duration_ms))), histogram_of(array_agg(histogram_place(a.duration_ms / 2)))
           from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id
          where d.tenant_id = $1 and a.recorded_at > ${since}
          group by grouping sets ((d.webhook_id, start), (start)) order by start`,
        [tenantId],
      );
    // Autovacuum would have done this in a year. Otherwise it would start in the middle of the measurement.
    for (const table of ['webhook_events', 'webhook_deliveries', 'webhook_attempts', 'webhook_statistics'])
      await client.query(`vacuum (analyze) ${table}`);
  } finally {
    client.release(true);
  }
}

/** Of the n-th attempt. $3: of how many. The last hour is left to the service, which counts what is new. */
const timeOf = (n: string, count = '$3') =>
  `now() - interval '1 hour' - interval '365 days' * (1 - ${n} / ${count}::double precision)`;

/** The g-th delivery, of those whose attempts are $2 to $3 of $4. */
const deliveries = `generate_series($2::integer / ${attemptsOfDelivery}, $3::integer / ${attemptsOfDelivery} - 1) g
  cross join lateral (select ${timeOf(`(g * ${attemptsOfDelivery})`, '$4')} as at) t`;

/** Ids in the order of the deliveries, from long ago. */
const idAt = (g: string, kind: string) => `('0190${kind}000-0000-7000-8000-' || lpad(to_hex(${g}), 12, '0'))::uuid`;
