import type { Bench, Measurement } from '../bench.js';
import { summarize } from '../latencies.js';
import { inParallel } from '../load.js';
import { loadOf, streamEvents, type EventStream, type EventStreamResult } from '../product-load.js';
import { startReceiver } from '../receiver-process.js';
import type { Rig } from '../rig.js';

const rate = 10;
const webhooksOfBacklog = 10;

/** A healthy webhook while another one of its tenant hangs. */
export const isolationHanging: Measurement = {
  name: 'isolation-hanging',
  run: (bench) =>
    bench.withRig({ ownTemporal: true }, async (rig) => {
      const { hanging, hangMs } = bench.sizes;
      const tenant = await rig.addTenant();
      const [healthyType, hangingType] = twoTypes(rig);
      const healthy = {
        tenantId: tenant.id,
        eventType: healthyType,
        webhook: await tenant.addWebhook({ events: [healthyType] }),
      };
      await tenant.addWebhook({ events: [hangingType], hangMs });
      const quiet = await measureQuiet(bench, rig, healthy);

      bench.progress(`${hanging} events to the webhook that hangs`);
      await inParallel({ count: hanging, concurrency: 20 }, (index) =>
        rig.trigger(tenant.id, hangingType, `hanging-${index}`),
      );
      bench.progress('the healthy webhook meanwhile');
      const result = await measure(bench, rig, healthy);
      addRow(bench, {
        id: 'isolation-hanging',
        name: `healthy webhook p95 at ${rate}/s, another hangs ${hangMs / 1000} s per request (${hanging} events)`,
        quiet,
        result,
      });
    }),
};

/** A healthy webhook while another tenant has a backlog, which is delivered as fast as possible. */
export const isolationBacklog: Measurement = {
  name: 'isolation-backlog',
  run: (bench) =>
    bench.withRig({ ownTemporal: true }, async (rig) => {
      const [eventType] = twoTypes(rig);
      const [tenant, other] = [await rig.addTenant(), await rig.addTenant()];
      const healthy = { tenantId: tenant.id, eventType, webhook: await tenant.addWebhook({ events: [eventType] }) };
      for (let n = 0; n < webhooksOfBacklog; n++) await other.addWebhook({ events: [eventType] });
      const quiet = await measureQuiet(bench, rig, healthy);

      const { backlogEvents } = bench.sizes;
      const deliveries = backlogEvents * webhooksOfBacklog;
      bench.progress(`${backlogEvents} events to ${webhooksOfBacklog} webhooks of another tenant`);
      await inParallel({ count: backlogEvents, concurrency: 20 }, (index) =>
        rig.trigger(other.id, eventType, `backlog-${index}`),
      );
      const before = await pendingOf(rig, other.id);
      bench.progress(`the healthy webhook meanwhile, behind ${before} deliveries`);
      let after = 0;
      const result = await measure(bench, rig, healthy, async () => {
        after = await pendingOf(rig, other.id);
      });
      if (after === 0) throw new Error(`the backlog of ${deliveries} was delivered before the last event was sent`);
      addRow(bench, {
        id: 'isolation-backlog',
        name: `healthy webhook p95 at ${rate}/s, another tenant has a backlog of ${deliveries}`,
        quiet,
        result,
        details: { pendingBefore: before, pendingAfter: after },
      });
    }),
};

/** A healthy webhook while another tenant's receivers send endless bytes: interim responses, and chunk extensions. */
export const isolationFloods: Measurement = {
  name: 'isolation-floods',
  async run(bench) {
    // A process of its own: the flooding receiver's load must not affect the healthy one's times.
    const flooding = await startReceiver();
    try {
      await bench.withRig({ ownTemporal: true }, (rig) => measureFloods(bench, rig, flooding.url));
    } finally {
      await flooding.close();
    }
  },
};

async function measureFloods(bench: Bench, rig: Rig, origin: string): Promise<void> {
  const [eventType] = twoTypes(rig);
  const [tenant, other] = [await rig.addTenant(), await rig.addTenant()];
  const healthy = { tenantId: tenant.id, eventType, webhook: await tenant.addWebhook({ events: [eventType] }) };
  for (const flood of ['interim', 'extensions'] as const)
    await other.addWebhook({ events: [eventType], flood, origin });
  const quiet = await measureQuiet(bench, rig, healthy);

  const { flooding } = bench.sizes;
  bench.progress(`${flooding} events to each of two webhooks whose receivers never stop sending`);
  await inParallel({ count: flooding, concurrency: 20 }, (index) => rig.trigger(other.id, eventType, `flood-${index}`));
  bench.progress('the healthy webhook meanwhile');
  let requests = 0;
  const result = await measure(bench, rig, healthy, async () => {
    requests = await attemptsOf(rig, other.id);
  });
  if (requests === 0) throw new Error('no receiver got a request, so none has sent anything');
  addRow(bench, {
    id: 'isolation-floods',
    name: `healthy webhook p95 at ${rate}/s, another tenant's receivers send without end (${2 * flooding} deliveries, each retried)`,
    quiet,
    result,
    details: { requests },
  });
}

function twoTypes({ eventTypes }: Rig): [string, string] {
  return [eventTypes[0]!, eventTypes[1]!];
}

/** The healthy webhook alone, after a warm-up: the baseline of all else. */
export async function measureQuiet(
  bench: Bench,
  rig: Rig,
  healthy: EventStream,
  measureIt: (bench: Bench, rig: Rig, healthy: EventStream) => Promise<EventStreamResult> = measure,
): Promise<EventStreamResult> {
  bench.progress('warming up');
  await streamEvents(rig, healthy, loadOf(20, bench.sizes.warmUpSeconds, 1));
  bench.progress('the healthy webhook alone');
  const result = await measureIt(bench, rig, healthy);
  if (result.missing > 0) throw new Error(`${result.missing} events never arrived although there was no other load`);
  return result;
}

/** Events that have not arrived a minute later count with their time so far. */
const measure = (bench: Bench, rig: Rig, healthy: EventStream, onSent?: () => Promise<void>) =>
  streamEvents(rig, healthy, loadOf(rate, bench.sizes.isolationSeconds, 1), { ...(onSent && { onSent }) });

async function pendingOf({ db }: Rig, tenantId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int from webhook_deliveries where tenant_id = $1 and status = 'pending'",
    [tenantId],
  );
  return rows[0]!.count;
}

async function attemptsOf({ db }: Rig, tenantId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select coalesce(sum(attempt_count), 0)::int as count from webhook_deliveries where tenant_id = $1',
    [tenantId],
  );
  return rows[0]!.count;
}

interface Isolation {
  id: string;
  name: string;
  quiet: EventStreamResult;
  result: EventStreamResult;
  details?: Record<string, unknown>;
}

function addRow(bench: Bench, { id, name, quiet, result, details }: Isolation): void {
  const [quietly, meanwhile] = [summarize(quiet.receiveMs), summarize(result.receiveMs)];
  bench.add({
    id,
    name,
    value: meanwhile.p95,
    unit: 'ms',
    floors: [{ name: 'in quiet', value: quietly.p95 }],
    target: { of: 'ratio', is: 'at most', limit: 1.5 },
    ...(result.missing > 0 && {
      note: `A lower bound: ${result.missing} of ${result.receiveMs.length} had not arrived a minute after the last was sent, and count with their time so far.`,
    }),
    details: { quietly, meanwhile, accept: summarize(result.acceptMs), missing: result.missing, ...details },
  });
}
