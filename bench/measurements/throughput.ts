import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import type { Bench, Measurement } from '../bench.js';
import { monotonicMs } from '../clock.js';
import { closedLoop, type ClosedLoadResult } from '../load.js';
import { CpuMeter } from '../process-usage.js';
import type { Row } from '../report.js';
import type { Rig } from '../rig.js';
import { post } from './latency.js';

/**
 * Deliveries per second with a full backlog, and the CPU time of each. Bare workflows are measured in the same way
 * before and after, and their mean is used, as a machine's speed changes over time.
 */
export const throughput: Measurement = {
  name: 'throughput',
  async run(bench) {
    const { sizes } = bench;
    const { rig, floor } = await bench.shared();
    const { inFlight } = sizes;
    const load = { inFlight, warmUpSeconds: sizes.warmUpSeconds, seconds: sizes.seconds };
    const tenant = await rig.addTenant();
    const eventType = rig.eventTypes[0]!;
    const { path } = await tenant.addWebhook({ events: [eventType] });

    const runBare = async () => {
      bench.progress(`bare workflows, ${inFlight} in flight`);
      const cpu = new CpuMeter({ client: floor.pid, temporal: rig.temporalPid });
      let used = cpu.read();
      const result = await floor.closed(load, (edge) => (edge === 'begin' ? cpu.restart() : (used = cpu.read())));
      return { ...result, perWorkflow: each(used, result) };
    };
    bench.progress(`straight to the receiver, ${inFlight} in flight`);
    const direct = await straight(rig, load);
    const before = await runBare();

    bench.progress(`the product, ${inFlight} in flight`);
    const cpu = rig.cpu();
    let used = cpu.read();
    const result = await closedLoop(
      load,
      async () => {
        const id = randomUUID();
        await rig.trigger(tenant.id, eventType, id);
        await bench.receiver.whenArrived(path, id);
      },
      (edge) => (edge === 'begin' ? cpu.restart() : (used = cpu.read())),
    );
    const endMs = monotonicMs();
    await rig.settled();
    const settledAfterMs = Math.round(monotonicMs() - endMs);
    bench.receiver.forget();
    const after = await runBare();

    const bare = (before.perSecond + after.perSecond) / 2;
    bench.add({
      id: 'deliveries',
      name: `deliveries/s, ${inFlight} in flight`,
      value: result.perSecond,
      unit: '/s',
      floors: [
        { name: 'bare workflows/s', value: bare },
        { name: 'straight/s', value: direct.perSecond },
      ],
      target: { of: 'ratio', is: 'at least', limit: 1.3 },
      details: { settledAfterMs, bareBefore: before.perSecond, bareAfter: after.perSecond, counted: result.count },
    });
    addCpuRows(bench, each(used, result), [before.perWorkflow, after.perWorkflow]);
  },
};

type Cost = Partial<Record<string, number>>;

/** CPU milliseconds per piece of work. */
function each(used: Record<string, number | undefined>, { count }: ClosedLoadResult): Cost {
  if (count === 0) throw new Error('nothing was done within the measured time');
  return Object.fromEntries(
    Object.entries(used).map(([name, ms]) => [name, ms === undefined ? undefined : ms / count]),
  );
}

function addCpuRows(bench: Bench, delivery: Cost, workflows: [Cost, Cost]): void {
  const mean = (name: string) => {
    const [a, b] = [workflows[0][name], workflows[1][name]];
    return a === undefined || b === undefined ? undefined : (a + b) / 2;
  };
  const rows = [
    ['service', 'our process', { name: "bare workflow's client and worker", value: mean('client') }],
    ['temporal', 'Temporal', { name: 'bare workflow', value: mean('temporal') }],
    ['postgres', 'Postgres', undefined],
  ] as const;
  for (const [id, name, floor] of rows) {
    const value = delivery[id];
    const row: Row = { id: `cpu-${id}`, name: `CPU per delivery, ${name}`, value: value ?? null, unit: 'ms' };
    if (value === undefined) bench.add({ ...row, note: 'It runs elsewhere: its CPU time cannot be read from here.' });
    else if (floor?.value === undefined) bench.add(row);
    else bench.add({ ...row, floors: [{ name: floor.name, value: floor.value }] });
  }
}

async function straight({ receiver }: Rig, load: Parameters<typeof closedLoop>[0]): Promise<ClosedLoadResult> {
  const pool = new Pool(receiver.url, { connections: load.inFlight });
  try {
    const path = `/${randomUUID()}`;
    const result = await closedLoop({ ...load, seconds: Math.min(load.seconds, 3) }, (index) =>
      post(pool, path, String(index)),
    );
    return result;
  } finally {
    await pool.close();
    receiver.forget();
  }
}
