import type { Bench, Measurement } from '../bench.js';
import { measureQuiet } from './isolation.js';
import { insertUnstarted } from '../insert-unstarted.js';
import { monotonicMs } from '../clock.js';
import { summarize } from '../latencies.js';
import { inParallel, openLoop } from '../load.js';
import {
  loadOf,
  streamEvents,
  streamTo,
  type EventStream,
  type EventStreamResult,
  type StreamOptions,
} from '../product-load.js';
import type { BenchTenant, Rig } from '../rig.js';
import { arrivals } from '../receiver-process.js';

const rate = 10;
const messageRate = 2;

/** A healthy tenant while another forces retries. */
export const fairnessRetries: Measurement = { name: 'fairness-retries', run: (bench) => beside(bench, besideRetries) };

/** A tenant that sends messages while another sends many. */
export const fairnessMessages: Measurement = {
  name: 'fairness-messages',
  run: (bench) => bench.withRig({ ownTemporal: true, messages: true }, (rig) => besideMessages(bench, rig)),
};

/** A healthy tenant, and a tenant with one unstarted delivery, while the sweeper starts many of another. */
export const fairnessUnstarted: Measurement = {
  name: 'fairness-unstarted',
  run: (bench) => beside(bench, besideUnstarted),
};

/** A healthy tenant while the receivers of others hang. */
export const fairnessHanging: Measurement = {
  name: 'fairness-hanging',
  async run(bench) {
    for (const hanging of bench.sizes.fairness.hanging)
      await beside(bench, (bench, rig, healthy, quiet) => besideHanging(bench, rig, healthy, quiet, hanging));
  },
};

/** Measures a healthy tenant alone, then runs `load` with that as the baseline. */
const beside = (
  bench: Bench,
  load: (bench: Bench, rig: Rig, healthy: EventStream, quiet: EventStreamResult) => Promise<void>,
) =>
  bench.withRig({ ownTemporal: true }, async (rig) => {
    const tenant = await rig.addTenant();
    const eventType = rig.eventTypes[0]!;
    const healthy = { tenantId: tenant.id, eventType, webhook: await tenant.addWebhook({ events: [eventType] }) };
    await load(bench, rig, healthy, await measureQuiet(bench, rig, healthy, measure));
  });

async function besideRetries(bench: Bench, rig: Rig, healthy: EventStream, quiet: EventStreamResult): Promise<void> {
  const { retries, seconds } = bench.sizes.fairness;
  const eventType = rig.eventTypes[0]!;
  const tenant = await rig.addTenant();
  const webhook = await tenant.addWebhook({ events: [eventType] });
  const load = loadOf(retries, seconds + 2, 1);
  // Each may be retried ten times a minute by hand.
  const ids = Array.from({ length: Math.ceil(load.count / 8) }, (_, n) => `to-retry-${n}`);
  await inParallel({ count: ids.length, concurrency: 20 }, (index) => rig.trigger(tenant.id, eventType, ids[index]!));
  await rig.settled();
  const { rows } = await rig.db.query<{ id: string }>('select id from webhook_deliveries where webhook_id = $1', [
    webhook.id,
  ]);
  bench.progress(`${retries} forced retries a second`);
  const [, result] = await Promise.all([
    openLoop(load, (index) =>
      tenant.post(`/v1/webhooks/${webhook.id}/deliveries/${rows[index % rows.length]!.id}/retry`, { force: true }),
    ),
    measure(bench, rig, healthy),
  ]);
  addRows(bench, 'retries', `another forces ${retries} retries/s`, quiet, result);
  await rig.settled();
}

async function besideMessages(bench: Bench, rig: Rig): Promise<void> {
  const { messages, seconds } = bench.sizes.fairness;
  const [one, other] = [await rig.addTenant(), await rig.addTenant()];
  await one.addNumber('+15550000001');
  await other.addNumber('+15550000002');
  let sent = 0;
  const numbers = (count: number) => Array.from({ length: count }, () => `+1555${String(1_000_000 + sent++)}`);
  const send = (tenant: BenchTenant, from: string, to: string) =>
    tenant.post('/v1/messages', { from, to, body: 'Your code is 123456' });
  // Longer, since there are few at this rate.
  const stream = (options: StreamOptions = {}) => {
    const load = loadOf(messageRate, 2 * seconds, 1);
    const to = numbers(load.count);
    return streamTo(rig, '/twilio', to, load, (index) => send(one, '+15550000001', to[index]!), options);
  };
  bench.progress('messages without other load');
  const quiet = await stream();
  const burst = numbers(messages);
  bench.progress(`${messages} messages of another tenant`);
  const [, result] = await Promise.all([
    inParallel({ count: messages, concurrency: 50 }, (index) => send(other, '+15550000002', burst[index]!)),
    stream({ timeoutMs: bench.sizes.fairness.timeoutMs }),
  ]);
  addRows(
    bench,
    'messages',
    `another sends ${messages} messages in a burst`,
    quiet,
    result,
    `message at ${messageRate}/s`,
  );
  await arrivals(rig.receiver, '/twilio', burst, 120_000);
  await rig.settled();
}

async function besideUnstarted(bench: Bench, rig: Rig, healthy: EventStream, quiet: EventStreamResult): Promise<void> {
  const { unstarted, timeoutMs } = bench.sizes.fairness;
  const eventType = rig.eventTypes[0]!;
  const [one, other] = [await rig.addTenant(), await rig.addTenant()];
  const webhookOf = (tenant: BenchTenant) => tenant.addWebhook({ events: [eventType] });
  const [webhook, otherWebhook] = [await webhookOf(one), await webhookOf(other)];
  bench.progress(`${unstarted} deliveries of one tenant that nobody started, and one of another`);
  const ids = Array.from({ length: unstarted }, (_, n) => `unstarted-${n}`);
  await insertUnstarted(rig.db, { tenantId: one.id, webhookId: webhook.id, eventType }, ids);
  await insertUnstarted(rig.db, { tenantId: other.id, webhookId: otherWebhook.id, eventType }, ['one']);
  const sinceMs = monotonicMs();
  await arrivals(rig.receiver, webhook.path, ids.slice(0, 1), 30_000);
  const result = await measure(bench, rig, healthy);
  const leftMs = Math.max(0, timeoutMs - (monotonicMs() - sinceMs));
  const [arrivedMs] = await arrivals(rig.receiver, otherWebhook.path, ['one'], leftMs);
  bench.add({
    id: 'fairness-unstarted-wait',
    name: `unstarted delivery's wait, another tenant has ${unstarted} before it`,
    value: ((arrivedMs ?? monotonicMs()) - sinceMs) / 1000,
    unit: 's',
    target: { of: 'value', is: 'at most', limit: 30 },
    ...(arrivedMs === undefined && { note: 'A lower bound: it had not arrived by then.' }),
  });
  addRows(bench, 'unstarted', `the sweeper starts ${unstarted} of another`, quiet, result);
}

async function besideHanging(
  bench: Bench,
  rig: Rig,
  healthy: EventStream,
  quiet: EventStreamResult,
  { tenants, events }: { tenants: number; events: number },
): Promise<void> {
  const { hangMs } = bench.sizes.fairness;
  const eventType = rig.eventTypes[0]!;
  const others: BenchTenant[] = [];
  await inParallel({ count: tenants, concurrency: 5 }, async () => {
    const tenant = await rig.addTenant();
    // It responds long after the service has given up.
    await tenant.addWebhook({ events: [eventType], hangMs: 2 * hangMs, timeoutMs: hangMs });
    others.push(tenant);
  });
  bench.progress(`${events} events to each of ${tenants} tenants whose webhooks hang`);
  await inParallel({ count: tenants * events, concurrency: 20 }, (index) =>
    rig.trigger(others[index % tenants]!.id, eventType, `hanging-${index}`),
  );
  // Longer, as it takes a while until the service has as many requests open as it may.
  const result = await measure(bench, rig, healthy, 2 * bench.sizes.fairness.seconds);
  addRows(
    bench,
    `hanging-${tenants}`,
    `${tenants} others hang ${hangMs / 1000} s (${tenants * events} events)`,
    quiet,
    result,
  );
}

function measure(
  bench: Bench,
  rig: Rig,
  healthy: EventStream,
  seconds = bench.sizes.fairness.seconds,
): Promise<EventStreamResult> {
  const { timeoutMs } = bench.sizes.fairness;
  return streamEvents(rig, healthy, loadOf(rate, seconds, 1), { timeoutMs });
}

function addRows(
  bench: Bench,
  id: string,
  load: string,
  quiet: EventStreamResult,
  result: EventStreamResult,
  what = `healthy tenant at ${rate}/s`,
): void {
  const [quietly, meanwhile] = [summarize(quiet.receiveMs), summarize(result.receiveMs)];
  for (const percentile of ['p50', 'p95'] as const)
    bench.add({
      id: `fairness-${id}-${percentile}`,
      name: `${what}, ${percentile}, ${load}`,
      value: meanwhile[percentile],
      unit: 'ms',
      floors: [{ name: 'in quiet', value: quietly[percentile] }],
      target: { of: 'ratio', is: 'at most', limit: 1.5 },
      ...(result.missing > 0 && {
        note: `A lower bound: ${result.missing} of ${result.receiveMs.length} had not arrived in time, and count with their time so far.`,
      }),
      details: { quietly, meanwhile, accept: summarize(result.acceptMs), missing: result.missing },
    });
}
