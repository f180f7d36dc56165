import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { createRandom } from '../support/random.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const steps = 30;
const keys = ['a', 'b', 'c', 'd', 'e'];

/** What a receiver accepted: which event (key and number), when, and in which batch. */
interface Accepted {
  key: string;
  number: number;
  atMs: number;
  batch: string | null;
}

describe('webhooks with an order, batches, limits and expiry', function () {
  this.timeout(240_000);
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
  const random = createRandom(seed);
  let stack: Stack;
  let tenant: TenantClient;
  let receiver: Receiver;
  let workers: ChildService[] = [];
  const killsMs: number[] = [];
  const accepted: Record<string, Accepted[]> = { ordered: [], batches: [], short: [] };
  const webhooks: Record<string, number> = {};
  let failing = false;

  before(async () => {
    stack = await startStack({ parts: { api: true, worker: false } });
    tenant = await createTenantClient(stack);
    receiver = await startReceiver((request) => {
      if (failing && random.chance(0.4)) return 503;
      const { batch_id: batch = null, events, ...event } = JSON.parse(request.body.toString()) as Body;
      for (const { event_id } of events ?? [event as Event]) {
        const [key = '', number] = event_id.split('-');
        accepted[request.path.slice(1)]!.push({ key, number: Number(number), atMs: request.at, batch });
      }
      return 200;
    });
    workers = await Promise.all([1, 2].map(() => startChildService('worker', stack.config)));
    const common = { events: ['call.dtmf'], rate_limit_per_minute: null, rate_limit_per_hour: null };
    for (const [name, settings] of Object.entries({
      ordered: { ordering: 'key' },
      batches: { ordering: 'key', batch: { max_events: 6, max_wait_seconds: 1 } },
      short: { ttl_seconds: { '*': 4 } },
    }))
      webhooks[name] = (await tenant.createWebhook({ url: `${receiver.url}/${name}`, ...common, ...settings })).id;
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.end()));
    await stack.close();
    await receiver.close();
  });

  const numbers = new Map<string, number>();
  /** Some events of each of some keys, side by side; those of one key one after the other. */
  const burst = () =>
    Promise.all(
      keys
        .filter(() => random.chance(0.6))
        .map(async (key) => {
          for (let i = 0; i < 3; i++) {
            const number = (numbers.get(key) ?? 0) + 1;
            numbers.set(key, number);
            const payload = { call_sid: key, digit: '1', timestamp: '2025-10-29T12:00:00Z' };
            await tenant.trigger({ event_type: 'call.dtmf', event_id: `${key}-${number}`, payload });
          }
        }),
    );
  const change = async (name: string, settings: Record<string, unknown>) => {
    const { status, body } = await tenant.patch(`/v1/webhooks/${webhooks[name]}`, settings);
    assert.equal(status, 200, JSON.stringify(body));
  };
  const actions: Record<string, () => Promise<unknown>> = {
    burst,
    burstAgain: burst,
    burstOnceMore: burst,
    pause: () => change(random.pick(Object.keys(webhooks)), { enabled: false }),
    resume: () => change(random.pick(Object.keys(webhooks)), { enabled: true }),
    limit: () => change(random.pick(['ordered', 'batches']), { rate_limit_per_minute: random.pick([null, 30, 200]) }),
    fail: () => Promise.resolve((failing = !failing)),
    async kill() {
      if (killsMs.length === 2 || workers.length < 2) return;
      const [killed] = workers.splice(0, 1);
      killsMs.push(Date.now());
      killed!.kill('SIGKILL');
      await killed!.exited;
      workers.push(await startChildService('worker', stack.config));
    },
  };

  it(`lose nothing, keep the order and repeat nothing without a reason, whatever happens (TEST_SEED=${seed})`, async () => {
    const happened: string[] = [];
    const slow: Promise<unknown>[] = [];
    for (let i = 0; i < steps; i++) {
      const name = i === 5 ? 'kill' : random.pick(Object.keys(actions));
      happened.push(name);
      const action = actions[name]!();
      // a new worker takes seconds to start
      if (name === 'kill') slow.push(action);
      else await action;
      await delay(random.next() * 400);
    }
    await Promise.all(slow);
    failing = false;
    for (const name of Object.keys(webhooks))
      await change(name, { enabled: true, rate_limit_per_minute: null, rate_limit_per_hour: null });
    for (const [name, id] of Object.entries(webhooks))
      await waitFor(
        async () => {
          const { statistics } = await tenant.webhook(id);
          return statistics.pending_deliveries === '0' && statistics.held_deliveries === '0';
        },
        { what: `${name} to have nothing left, after ${happened.join()}`, timeoutMs: 150_000, intervalMs: 300 },
      );

    const total = [...numbers.values()].reduce((sum, number) => sum + number, 0);
    for (const [name, id] of Object.entries(webhooks)) {
      const of = accepted[name]!;
      const { statistics } = await tenant.webhook(id);
      const { successful_deliveries, failed_deliveries, expired_deliveries } = statistics;
      const ended = [successful_deliveries, failed_deliveries, expired_deliveries].map(Number);
      assert.equal(ended[0]! + ended[1]! + ended[2]!, total, `${name}: all have ended`);
      if (name !== 'short') assert.equal(ended[2], 0, `${name}: nothing expires`);
      const distinct = new Set(of.map(({ key, number }) => `${key}-${number}`));
      assert.ok(distinct.size >= ended[0]!, `${name}: ${ended[0]} delivered, ${distinct.size} received`);
      for (const key of keys) {
        const ofKey = of.filter((each) => each.key === key);
        const first = [...new Set(ofKey.map(({ number }) => number))];
        if (name !== 'short')
          assert.deepEqual(
            first,
            first.toSorted((a, b) => a - b),
            `${name}, ${key}: in order`,
          );
        for (const number of first) {
          const times = ofKey.filter((each) => each.number === number);
          assert.equal(new Set(times.map(({ batch }) => batch)).size, 1, `${name}, ${key}-${number}: in one batch`);
          const repeats = times.slice(1).map(({ atMs }, i) => [times[i]!.atMs, atMs] as const);
          // Only the end of a process that had not recorded the response is a reason.
          for (const [before, again] of repeats)
            assert.ok(
              killsMs.some((at) => at >= before - 1_000 && at <= again),
              `${name}, ${key}-${number}: at ${before} and ${again}, kills at ${killsMs.join()}`,
            );
        }
      }
    }
  });
});

interface Event {
  event_id: string;
}

type Body = Partial<Event> & { batch_id?: string; events?: Event[] };
