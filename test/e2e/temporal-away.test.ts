import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../../src/log.js';
import { startTemporal, type EmbeddedTemporal } from '../../src/dev/embedded/temporal.js';
import { insertUnstarted } from '../support/insert-unstarted.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const log = createLogger({ level: 'silent', format: 'json' });

const status = async (stack: Stack, id: string) => (await stack.delivery(id)).status;

/** Resolves when two more sweeps have begun, so one of them has run through. */
async function waitForSweep(stack: Stack): Promise<void> {
  const sweeps = async () => {
    const { info } = await stack.temporal.schedule.getHandle(`${stack.config.temporal.taskQueue}-sweep`).describe();
    return info.numActionsTaken;
  };
  const before = await sweeps();
  await waitFor(async () => (await sweeps()) >= before + 2, {
    what: 'two more sweeps',
    timeoutMs: 30_000,
    intervalMs: 200,
  });
}

describe('with Temporal away', function () {
  this.timeout(120_000);
  let folder: string;
  let temporal: EmbeddedTemporal;
  let stack: Stack;
  let receiver: Receiver;
  let tenantId: string;
  let webhookId: number;
  /** The deliveries, in the order in which the outage meets them. */
  const silent: string[] = [];
  const refused: string[] = [];
  const unstarted: string[] = [];
  const last: string[] = [];
  let returnedAtMs: number;

  const start = (port?: number) =>
    startTemporal({
      binary: process.env['TEST_TEMPORAL_BINARY']!,
      dataDir: path.join(folder, 'temporal'),
      namespace: 'default',
      log,
      ...(port !== undefined && { port }),
    });

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-temporal-away-'));
    temporal = await start();
    receiver = await startReceiver();
    stack = await startStack({ parts: { api: false, worker: true }, temporalAddress: temporal.address });
    await stack.service.ready;
    tenantId = await stack.insertTenant();
    ({ id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url }));
    const [id] = await stack.trigger(tenantId);
    await waitFor(async () => (await status(stack, id!)) === 'delivered', { what: 'a delivery before all' });
  });
  after(async () => {
    await stack.close();
    await temporal.stop();
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  });

  // The assertion is that the triggers resolve at all: Temporal is back only later.
  it('accepts events while Temporal is silent', async () => {
    process.kill(temporal.pid, 'SIGSTOP');
    for (let i = 0; i < 5; i++) silent.push(...(await stack.trigger(tenantId)));
    assert.equal(silent.length, 5);
  });

  it('accepts events while Temporal refuses connections, even in a process that was started meanwhile', async () => {
    process.kill(temporal.pid, 'SIGKILL');
    await temporal.stop();
    for (let i = 0; i < 5; i++) refused.push(...(await stack.trigger(tenantId)));
    const another = await stack.openAnother({ api: false, worker: true });
    for (let i = 0; i < 5; i++) {
      const event = { tenantId, eventType: 'call.completed' as const, eventId: randomUUID(), payload: callCompleted };
      refused.push(...(await another.triggerEvent(event)).deliveries.map(({ id }) => id));
    }
    for (let i = 0; i < 3; i++) unstarted.push(await insertUnstarted(stack.database.pool, tenantId));
    assert.equal(receiver.requests.length, 1);
  });

  it('delivers all of them within 30 s of its return', async () => {
    // Long enough for every reconnect to have reached its longest backoff.
    await waitFor(async () => await isOlderThan(refused[0]!, 12), {
      what: 'the outage to last',
      timeoutMs: 20_000,
      intervalMs: 100,
    });
    for (let i = 0; i < 3; i++)
      last.push(...(await stack.trigger(tenantId)), await insertUnstarted(stack.database.pool, tenantId));
    temporal = await start(Number(temporal.address.split(':')[1]));
    returnedAtMs = performance.now();
    const all = [...silent, ...refused, ...unstarted, ...last];
    await waitFor(
      async () => {
        const { rows } = await stack.database.pool.query(
          'select from webhook_deliveries where id = any($1) and status = $2',
          [all, 'delivered'],
        );
        return rows.length === all.length;
      },
      { what: `${all.length} deliveries`, timeoutMs: 60_000, intervalMs: 50 },
    );
    // The promise: the sweeper takes deliveries older than 15 s, and runs every 10 s.
    const tookMs = performance.now() - returnedAtMs;
    assert.ok(tookMs < 30_000, `${tookMs} ms`);
  });

  it('delivers each of them once', async () => {
    await waitForSweep(stack);
    const seen = receiver.requests.map(({ headers }) => headers['x-irisx-delivery']);
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(seen.length, 1 + silent.length + refused.length + unstarted.length + last.length);
    await assertInvariants(stack.database.pool, webhookId);
  });

  it('starts events immediately after its return', async () => {
    const [id] = await stack.trigger(tenantId);
    // Earlier than the sweeper would.
    await waitFor(async () => (await status(stack, id!)) === 'delivered', { what: 'the delivery' });
  });

  async function isOlderThan(id: string, seconds: number): Promise<boolean> {
    const { rows } = await stack.database.pool.query<{ old: boolean }>(
      `select created_at < now() - $2 * interval '1 s' as old from webhook_deliveries where id = $1`,
      [id, seconds],
    );
    return rows[0]!.old;
  }
});
