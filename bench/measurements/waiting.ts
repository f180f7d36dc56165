import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Measurement } from '../bench.js';
import { median } from '../latencies.js';
import { inParallel } from '../load.js';
import { residentMb } from '../process-usage.js';
import type { BenchTenant, Rig } from '../rig.js';
import { waitFor } from '../../test/support/wait-for.js';

/**
 * What deliveries cost while they only wait for a token: CPU time while nothing is due, and memory. The webhook may
 * send once an hour, so nothing falls due meanwhile.
 */
export const waiting: Measurement = {
  name: 'waiting',
  run: (bench) =>
    bench.withRig({ ownTemporal: true }, async (rig) => {
      const { sizes } = bench;
      const [some, many] = sizes.waiting;
      const tenant = await rig.addTenant();
      const eventType = rig.eventTypes[0]!;
      const { path } = await tenant.addWebhook({ events: [eventType], rateLimitPerHour: 1 });
      // The first takes the hour's token.
      await rig.trigger(tenant.id, eventType, '0');
      await rig.receiver.whenArrived(path, '0');

      const idle = await rest(bench, rig, 'nothing waits');
      await fillUp(bench, rig, { tenant, eventType, from: 0, to: some });
      const waitingSome = await rest(bench, rig, `${some} wait`);
      addCpuRow(bench, some, idle.cpuMs, waitingSome.cpuMs);
      addMemoryRow(bench, 'memory-some', some, waitingSome.memoryMb, idle.memoryMb);
      await fillUp(bench, rig, { tenant, eventType, from: some, to: many });
      await delay(sizes.restSeconds * 1000);
      addMemoryRow(bench, 'memory-many', many, await memory(rig), idle.memoryMb);
    }),
};

type CpuUse = Record<'service' | 'temporal' | 'postgres', number | undefined>;

/** Lets everything rest for a while, then measures for a while. */
async function rest({ sizes, progress }: Bench, rig: Rig, what: string): Promise<{ cpuMs: CpuUse; memoryMb: number }> {
  progress(`${what}: resting`);
  await delay(sizes.restSeconds * 1000);
  progress(`${what}: CPU time over ${sizes.waitingSeconds} s`);
  const cpu = rig.cpu();
  await delay(sizes.waitingSeconds * 1000);
  const cpuMs = cpu.read();
  return { cpuMs, memoryMb: await memory(rig) };
}

async function memory({ service }: Rig): Promise<number> {
  const samples: number[] = [];
  for (let n = 0; n < 5; n++) {
    samples.push(residentMb(service.pid));
    await delay(100);
  }
  return median(samples);
}

/** Triggers events until `to` deliveries wait, each in its workflow. */
async function fillUp(
  { progress }: Bench,
  rig: Rig,
  { tenant, eventType, from, to }: { tenant: BenchTenant; eventType: string; from: number; to: number },
): Promise<void> {
  progress(`triggering ${to - from} events`);
  await inParallel({ count: to - from, concurrency: 20 }, (index) =>
    rig.trigger(tenant.id, eventType, String(from + index + 1)),
  );
  let seen = -1;
  await waitFor(
    async () => {
      rig.service.assertRunning();
      const { rows } = await rig.db.query<{ count: number }>(
        'select count(*)::int from webhook_deliveries where holds_token',
      );
      const count = rows[0]!.count;
      if (count !== seen) progress(`${count} of ${to} wait`);
      seen = count;
      return count >= to;
    },
    { what: `${to} deliveries to wait (it is ${seen} now)`, timeoutMs: 60_000 + (to - from) * 60, intervalMs: 500 },
  );
}

function addCpuRow(bench: Bench, some: number, idle: CpuUse, waiting: CpuUse): void {
  const sum = (use: CpuUse) => {
    const { service, temporal, postgres } = use;
    if (service === undefined || temporal === undefined || postgres === undefined) return undefined;
    return service + temporal + postgres;
  };
  const perSecond = (ms: number) => ms / bench.sizes.waitingSeconds;
  const [idleMs, waitingMs] = [sum(idle), sum(waiting)];
  const row = {
    id: 'waiting-cpu',
    name: `CPU of process, Temporal and Postgres, ${some} waiting`,
    unit: 'ms/s',
    target: { of: 'ratio', is: 'at most', limit: 1.2 } as const,
    details: { seconds: bench.sizes.waitingSeconds, idleMs: idle, waitingMs: waiting },
  };
  if (idleMs === undefined || waitingMs === undefined) {
    bench.add({ ...row, value: null, note: 'A server runs elsewhere: its CPU time cannot be read from here.' });
    return;
  }
  bench.add({
    ...row,
    value: perSecond(waitingMs),
    floors: [{ name: 'none waiting', value: perSecond(idleMs) }],
  });
}

function addMemoryRow(bench: Bench, id: string, count: number, valueMb: number, idleMb: number): void {
  bench.add({
    id,
    name: `memory of the process, ${count} pending`,
    value: valueMb,
    unit: 'MB',
    floors: [{ name: 'none pending', value: idleMb }],
    ...(id === 'memory-many' && { target: { of: 'ratio', is: 'at most', limit: 2 } }),
  });
}
