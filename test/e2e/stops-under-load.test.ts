import assert from 'node:assert/strict';
import { startChildService } from '../support/child-service.js';
import { insertUnstarted } from '../support/insert-unstarted.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

/** The promise; no request here takes longer than a second. */
const maxStopMs = 35_000;
const backlog = 1_500;
const [lanes, stopsOfEach] = [2, 2];

describe('a process that is stopped while a sweep works off a backlog', function () {
  this.timeout(900_000);
  const stacks: Stack[] = [];
  let receiver: Receiver;
  before(async () => void (receiver = await startReceiver({ delayMs: 50 })));
  after(async () => {
    await Promise.all(stacks.map((stack) => stack.close()));
    await receiver.close();
  });

  for (let lane = 1; lane <= lanes; lane++)
    scenario(`exits with 0 in time, ${stopsOfEach} of ${stopsOfEach} times (lane ${lane} of ${lanes})`, async () => {
      const stack = await startStack({ parts: { api: false, worker: false } });
      stacks.push(stack);
      const tenants = await Promise.all(Array.from({ length: 5 }, () => stack.insertTenant()));
      for (const tenantId of tenants)
        await stack.insertWebhook(tenantId, { url: receiver.url, rateLimitPerMinute: null, rateLimitPerHour: null });
      for (let stop = 1; stop <= stopsOfEach; stop++) {
        await fill(stack, tenants);
        const left = await unstarted(stack);
        const child = await startChildService('service', stack.config, { waitUntilReady: false });
        try {
          await waitFor(async () => (await unstarted(stack)) < left - 20, { what: 'the sweep', timeoutMs: 120_000 });
          assert.ok((await unstarted(stack)) > 100, 'the sweep is still running');
          child.kill('SIGTERM');
          const stoppedAtMs = performance.now();
          const { code, signal, atMs } = await child.exited;
          assert.deepEqual({ code, signal }, { code: 0, signal: null });
          assert.ok(atMs - stoppedAtMs < maxStopMs, `${atMs - stoppedAtMs} ms`);
          // Only lines about the stop: on a busy machine Postgres may be too slow for an attempt.
          const bad = child.lines.filter(({ level, msg }) => level !== 'info' && /^(process|worker)\./.test(msg));
          assert.deepEqual(bad, []);
        } finally {
          await child.end();
        }
      }
    });

  /** Tops up the backlog, and makes it old enough for the sweeper. */
  async function fill(stack: Stack, tenants: string[]): Promise<void> {
    const missing = backlog - (await unstarted(stack));
    for (let done = 0; done < missing; done += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => insertUnstarted(stack.database.pool, tenants[n % tenants.length]!)),
      );
    await stack.database.pool.query(
      `update webhook_deliveries set created_at = created_at - interval '1 minute', pending_since = pending_since - interval '1 minute'
        where status = 'pending' and workflow_started_at is null`,
    );
  }

  async function unstarted(stack: Stack): Promise<number> {
    const { rows } = await stack.database.pool.query<{ count: number }>(
      `select count(*)::int as count from webhook_deliveries where status = 'pending' and workflow_started_at is null`,
    );
    return rows[0]!.count;
  }
});
