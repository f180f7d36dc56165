import { randomUUID } from 'node:crypto';
import type { Bench, Measurement } from '../bench.js';
import { summarize } from '../latencies.js';
import { closedLoop, openLoop } from '../load.js';
import type { BenchWebhook, Rig } from '../rig.js';

const arrivesAtAll = (rig: Rig, webhooks: BenchWebhook[], eventId: string) =>
  Promise.all(webhooks.map(({ path }) => rig.receiver.whenArrived(path, eventId)));

const floorOf = (bench: Bench) => {
  const value = bench.report.value('deliveries');
  return value === undefined
    ? { note: 'Nothing to compare with: throughput was not measured in this run.' }
    : { floors: [{ name: 'deliveries/s to one webhook', value }] };
};

/** One event to many webhooks of its tenant. */
export const fanOut: Measurement = {
  name: 'fan-out',
  async run(bench) {
    const { sizes } = bench;
    const { rig } = await bench.shared();
    const tenant = await rig.addTenant();
    const eventType = rig.eventTypes[0]!;
    const webhooks: BenchWebhook[] = [];
    for (let n = 0; n < sizes.fanOut; n++) webhooks.push(await tenant.addWebhook({ events: [eventType] }));

    const inFlight = Math.max(1, Math.round(sizes.inFlight / sizes.fanOut));
    bench.progress(`${inFlight} events in flight`);
    const { perSecond } = await closedLoop(
      { inFlight, warmUpSeconds: sizes.warmUpSeconds, seconds: sizes.seconds },
      async () => {
        const id = randomUUID();
        await rig.trigger(tenant.id, eventType, id);
        await arrivesAtAll(rig, webhooks, id);
      },
    );
    bench.add({
      id: 'fan-out-deliveries',
      name: `deliveries/s, fan-out 1 → ${sizes.fanOut}, ${inFlight} events in flight`,
      value: perSecond * sizes.fanOut,
      unit: '/s',
      ...floorOf(bench),
    });
    await rig.settled();

    const rate = 2;
    bench.progress(`${rate} events/s`);
    const ids = Array.from({ length: Math.ceil(rate * sizes.seconds) }, () => randomUUID());
    const { plannedMs } = await openLoop({ rate, count: ids.length }, (index) =>
      rig.trigger(tenant.id, eventType, ids[index]!),
    );
    const lastMs: number[] = [];
    for (const [index, id] of ids.entries())
      lastMs.push(Math.max(...(await arrivesAtAll(rig, webhooks, id))) - plannedMs[index]!);
    const latencies = summarize(lastMs);
    bench.add({
      id: 'fan-out-last',
      name: `accept → the last of ${sizes.fanOut} receivers p95 at ${rate} events/s`,
      value: latencies.p95,
      unit: 'ms',
      details: { ...latencies },
    });
    await rig.settled();
    bench.receiver.forget();
  },
};

/** Many tenants with one webhook each. */
export const tenants: Measurement = {
  name: 'tenants',
  async run(bench) {
    const { sizes } = bench;
    const { rig } = await bench.shared();
    const eventType = rig.eventTypes[0]!;
    bench.progress(`making ${sizes.tenants} tenants`);
    const all: { id: string; path: string }[] = [];
    for (let n = 0; n < sizes.tenants; n++) {
      const tenant = await rig.addTenant();
      const { path } = await tenant.addWebhook({ events: [eventType] });
      all.push({ id: tenant.id, path });
    }
    bench.progress(`${sizes.inFlight} in flight`);
    const { perSecond } = await closedLoop(
      { inFlight: sizes.inFlight, warmUpSeconds: sizes.warmUpSeconds, seconds: sizes.seconds },
      async (index) => {
        const { id: tenantId, path } = all[index % all.length]!;
        const id = randomUUID();
        await rig.trigger(tenantId, eventType, id);
        await rig.receiver.whenArrived(path, id);
      },
    );
    bench.add({
      id: 'tenants-deliveries',
      name: `deliveries/s, ${sizes.tenants} tenants × 1 webhook, ${sizes.inFlight} in flight`,
      value: perSecond,
      unit: '/s',
      ...floorOf(bench),
    });
    await rig.settled();
    bench.receiver.forget();
  },
};
