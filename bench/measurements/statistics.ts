import type { Bench, Measurement } from '../bench.js';
import { summarize } from '../latencies.js';
import type { Rig } from '../rig.js';
import { fillYear } from '../statistics-history.js';

const webhooks = 10;

/** Statistics over time with a year of attempts, and how fast attempts are counted. */
export const statistics: Measurement = {
  name: 'statistics',
  run: (bench) =>
    bench.withRig({}, async (rig) => {
      const count = bench.sizes.statistics;
      const tenant = await rig.addTenant();
      const webhookIds: number[] = [];
      for (let n = 0; n < webhooks; n++)
        webhookIds.push((await tenant.addWebhook({ events: [rig.eventTypes[0]!] })).id);
      await fillYear(rig.db, { tenantId: tenant.id, webhookIds }, count, (done) =>
        bench.progress(`filling in ${count} attempts: ${done}`),
      );

      const year = `since=${encodeURIComponent(daysAgo(365))}`;
      const ofWebhook = `/v1/webhooks/${webhookIds[0]}/statistics`;
      for (const { id, name, path, limit } of [
        { id: 'hours', name: 'a year of hours of a webhook', path: `${ofWebhook}?${year}`, limit: 50 },
        { id: 'hours-tenant', name: 'a year of hours of a tenant', path: `/v1/statistics?${year}`, limit: 50 },
        { id: 'days', name: 'a year of days of a webhook', path: `${ofWebhook}?${year}&bucket=day` },
        {
          id: 'minutes',
          name: 'a week of minutes of a webhook',
          path: `${ofWebhook}?bucket=minute&since=${encodeURIComponent(daysAgo(7))}`,
        },
      ]) {
        bench.progress(name);
        const { buckets } = await tenant.get<{ buckets: unknown[] }>(path);
        const warmAt = performance.now() + 1_000 * bench.sizes.warmUpSeconds;
        while (performance.now() < warmAt) await tenant.getText(path);
        const ms: number[] = [];
        for (let n = 0; n < bench.sizes.listCalls; n++) {
          const began = performance.now();
          await tenant.getText(path);
          ms.push(performance.now() - began);
        }
        const summary = summarize(ms);
        bench.add({
          id: `statistics-${id}`,
          name: `${name}, p50 with ${count} attempts`,
          value: summary.p50,
          unit: 'ms',
          ...(limit !== undefined && { target: { of: 'value', is: 'at most', limit } }),
          details: { buckets: buckets.length, summary },
        });
      }
      await measureRollUp(bench, rig);
    }),
};

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

/** Counts a tenth of the year again, as after an outage, and takes it back. */
async function measureRollUp(bench: Bench, rig: Rig): Promise<void> {
  const batches = 20;
  bench.progress('counting attempts');
  const client = await rig.db.connect();
  try {
    await client.query('begin');
    await client.query(`update statistics_progress set rolled_up_until = now() - interval '30 days'`);
    const began = performance.now();
    const { rows: before } = await client.query<{ at: Date }>('select rolled_up_until as at from statistics_progress');
    for (let n = 0; n < batches; n++) await client.query('select roll_up_statistics(2000)');
    const seconds = (performance.now() - began) / 1000;
    const { rows } = await client.query<{ n: number }>(
      'select count(*)::integer as n from webhook_attempts where recorded_at >= $1 and recorded_at < (select rolled_up_until from statistics_progress)',
      [before[0]!.at],
    );
    bench.add({
      id: 'statistics-counted',
      name: 'attempts that a roll-up counts, without its pauses',
      value: rows[0]!.n / seconds,
      unit: '/s',
      details: { attempts: rows[0]!.n, batches, seconds },
    });
  } finally {
    await client.query('rollback');
    client.release(true);
  }
}
