import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { Pool } from 'undici';
import type { Bench, Measurement } from '../bench.js';
import { percentileNames, summarize, type Latencies } from '../latencies.js';
import { backlogGrew, openLoop, type OpenLoad } from '../load.js';
import { loadOf, streamEvents } from '../product-load.js';
import { arrivals } from '../receiver-process.js';
import type { Row, Target } from '../report.js';
import type { Rig } from '../rig.js';

/** A body as long as those of the service. */
const text = 'x'.repeat(400);

/**
 * The latency of accepting, and from the planned request to the receiver, at rising rates until the backlog grows.
 * Measured right before at each rate: one insert and commit, the generator straight to the receiver, and bare
 * workflows.
 */
export const latency: Measurement = {
  name: 'latency',
  async run(bench) {
    const { sizes } = bench;
    const { rig, floor } = await bench.shared();
    const tenant = await rig.addTenant();
    const eventType = rig.eventTypes[0]!;
    const stream = { tenantId: tenant.id, eventType, webhook: await tenant.addWebhook({ events: [eventType] }) };
    await rig.db.query('create table bench_floor (id uuid primary key, text text not null)');

    bench.progress('warming up');
    const warmUp = loadOf(20, sizes.warmUpSeconds, 1);
    await Promise.all([insertOnly(rig.db, warmUp), straight(rig, warmUp)]);
    await floor.open(warmUp);
    await streamEvents(rig, stream, warmUp);

    let keptUp: number | undefined;
    let floorKeepsUp = true;
    for (const rate of sizes.rates) {
      const load = loadOf(rate, sizes.seconds, sizes.minSamples);
      const step = (what: string) => bench.progress(`${rate}/s, ${what}`);
      step('one insert and commit');
      const insert = summarize(await insertOnly(rig.db, load));
      step('straight to the receiver');
      const direct = summarize(await straight(rig, load));
      let bare: Latencies | undefined;
      if (floorKeepsUp) {
        step('bare workflows');
        const { plannedMs, activityMs } = await floor.open(load);
        bare = summarize(activityMs.map((atMs, index) => atMs - plannedMs[index]!));
        floorKeepsUp = !backlogGrew(load, plannedMs, activityMs);
      }
      step('the product');
      const result = await streamEvents(rig, stream, load);
      if (result.missing > 0) throw new Error(`${result.missing} of ${load.count} events at ${rate}/s never arrived`);
      addRows(bench, rate, { ...result, insert, direct, bare, floorKeepsUp });
      bench.receiver.forget();
      await rig.settled();
      if (!result.backlogGrew) keptUp = rate;
      // The targets are at 10 and 20 per second.
      else if (rate >= 20) break;
    }
    const last = sizes.rates.at(-1)!;
    bench.add({
      id: 'kept-up',
      name: 'highest rate tried without a growing backlog',
      value: keptUp ?? 0,
      unit: 'events/s',
      ...(keptUp === last && { note: 'The highest rate that was tried.' }),
    });
  },
};

interface Step {
  acceptMs: number[];
  receiveMs: number[];
  latenessMs: number[];
  backlogGrew: boolean;
  insert: Latencies;
  direct: Latencies;
  bare: Latencies | undefined;
  floorKeepsUp: boolean;
}

function addRows(bench: Bench, rate: number, step: Step): void {
  const accept = summarize(step.acceptMs);
  const receive = summarize(step.receiveMs);
  const grew = step.backlogGrew ? { note: 'The backlog grew: a longer run would give longer times.' } : {};
  const noBare = { note: `No bare workflows at ${rate}/s: they could not keep up with the previous rate.` };
  for (const name of percentileNames) {
    const row: Row = {
      id: `accept-${name}-${rate}`,
      name: `accept ${name} at ${rate}/s`,
      value: accept[name],
      unit: 'ms',
      floors: [{ name: `insert ${name}`, value: step.insert[name] }],
      details: { accept, insert: step.insert, generatorLateness: summarize(step.latenessMs) },
    };
    const target: Target = { of: 'ratio', is: 'at most', limit: 3 };
    bench.add(name === 'p95' && rate === 20 ? { ...row, target } : row);
  }
  for (const name of percentileNames) {
    const row: Row = {
      id: `receive-${name}-${rate}`,
      name: `accept → receiver ${name} at ${rate}/s`,
      value: receive[name],
      unit: 'ms',
      floors: [
        ...(step.bare ? [{ name: `bare workflow's start → activity ${name}`, value: step.bare[name] }] : []),
        { name: `straight ${name}`, value: step.direct[name] },
      ],
      details: { receive, bare: step.bare, bareKeepsUp: step.floorKeepsUp, straight: step.direct },
      ...(name === 'p99' && !step.bare ? noBare : {}),
      ...(name === 'p99' ? grew : {}),
    };
    const target: Target = { of: 'ratio', is: 'at most', limit: 0.5 };
    bench.add(name === 'p95' && rate === 10 ? { ...row, target } : row);
  }
}

/** From the planned time to the end of one committed insert. */
async function insertOnly(db: pg.Pool, load: OpenLoad): Promise<number[]> {
  const { latencyMs } = await openLoop(load, () =>
    db.query('insert into bench_floor (id, text) values ($1, $2)', [randomUUID(), text]),
  );
  return latencyMs;
}

/** From the planned time to the arrival of a request that goes straight to the receiver. */
async function straight({ receiver }: Rig, load: OpenLoad): Promise<number[]> {
  const pool = new Pool(receiver.url, { connections: 64 });
  try {
    const path = `/${randomUUID()}`;
    const ids = Array.from({ length: load.count }, (_, index) => String(index));
    const { plannedMs } = await openLoop(load, (index) => post(pool, path, ids[index]!));
    const found = await arrivals(receiver, path, ids, 10_000);
    return found.map((atMs, index) => atMs! - plannedMs[index]!);
  } finally {
    await pool.close();
  }
}

/** A request like the service's, as far as that matters for its time. */
export async function post(pool: Pool, path: string, eventId: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-irisx-event-id': eventId };
  const { body } = await pool.request({ method: 'POST', path, headers, body: text });
  await body.text();
}
