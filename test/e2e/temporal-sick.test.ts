import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Config } from '../../src/config/service.js';
import { createLogger } from '../../src/log.js';
import { namespaceCommand } from '../../src/temporal/failure.js';
import { startTemporal, type EmbeddedTemporal } from '../../src/dev/embedded/temporal.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { readiness } from '../support/readiness.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const log = createLogger({ level: 'silent', format: 'json' });
const namespace = 'irisx';

const start = (options: { namespace: string; port?: number }) =>
  startTemporal({ binary: process.env['TEST_TEMPORAL_BINARY']!, log, ...options });

/** A process with API and worker, and its own Temporal, with or without the namespace. */
class Trial {
  private constructor(
    readonly stack: Stack,
    readonly receiver: Receiver,
    readonly tenantId: string,
    readonly child: ChildService,
    private temporal: EmbeddedTemporal,
  ) {}

  static async start({ withNamespace }: { withNamespace: boolean }): Promise<Trial> {
    const temporal = await start({ namespace: withNamespace ? namespace : 'another' });
    const taskQueue = `test-${randomUUID()}`;
    const config: Partial<Config> = { temporal: { address: temporal.address, namespace, taskQueue } };
    const stack = await startStack({ parts: { api: false, worker: false }, temporalAddress: temporal.address, config });
    const receiver = await startReceiver();
    const tenantId = await stack.insertTenant();
    await stack.insertWebhook(tenantId, { url: receiver.url });
    const child = await startChildService('service', stack.config, { waitUntilReady: withNamespace });
    if (!withNamespace) await child.waitForLine('api.listening');
    return new Trial(stack, receiver, tenantId, child, temporal);
  }

  get url(): string {
    return this.child.lines.find(({ msg }) => msg === 'api.listening')!['url'] as string;
  }

  async close(): Promise<void> {
    await this.child.end();
    await this.stack.close();
    await this.temporal.stop();
    await this.receiver.close();
  }

  /** Restarts Temporal in memory on the same port, without our namespace. */
  async loseNamespace(): Promise<void> {
    const port = Number(this.temporal.address.split(':')[1]);
    await this.temporal.stop();
    this.temporal = await start({ namespace: 'another', port });
  }

  async makeNamespace(): Promise<void> {
    await this.stack.temporal.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
  }

  async trigger(): Promise<string> {
    const response = await fetch(`${this.url}/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.stack.adminKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        tenant_id: this.tenantId,
        event_type: 'call.completed',
        event_id: randomUUID(),
        payload: callCompleted,
      }),
    });
    assert.equal(response.status, 201);
    return ((await response.json()) as { deliveries: { id: string }[] }).deliveries[0]!.id;
  }

  async delivered(ids: string[]): Promise<void> {
    await waitFor(
      async () => {
        const { rows } = await this.stack.database.pool.query(
          'select from webhook_deliveries where id = any($1) and status = $2',
          [ids, 'delivered'],
        );
        return rows.length === ids.length;
      },
      { what: `${ids.length} deliveries`, timeoutMs: 60_000, intervalMs: 50 },
    );
  }

  async namespaceProblem(): Promise<void> {
    const { httpStatus, status, temporal, temporal_problems } = await waitFor(
      async () => {
        const response = await readiness(this.url);
        const isReported = response.temporal_problems.some(({ remedy }) => remedy === namespaceCommand(namespace));
        return isReported ? response : undefined;
      },
      { what: 'the missing namespace in /readyz', timeoutMs: 50_000, intervalMs: 100 },
    );
    // The process stays ready, since it accepts events, and another process would do no better.
    assert.deepEqual([httpStatus, status, temporal], [200, 'ready', 'degraded']);
    assert.equal(temporal_problems[0]!.what, 'Temporal has no namespace irisx');
    assert.equal((await this.child.waitForLine('temporal.problem'))['remedy'], namespaceCommand(namespace));
  }

  async endsInOrder(): Promise<void> {
    this.child.kill('SIGTERM');
    const { code, signal } = await this.child.exited;
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.ok(this.child.lines.some(({ msg }) => msg === 'process.stopped'));
    assert.ok(!this.child.lines.some(({ msg }) => msg.startsWith('process.drain_too_long')));
  }
}

describe('a Temporal that responds but lacks the namespace', function () {
  this.timeout(240_000);
  const trials: Trial[] = [];
  after(() => Promise.all(trials.map((trial) => trial.close())));

  async function startTrial(options: { withNamespace: boolean }): Promise<Trial> {
    const trial = await Trial.start(options);
    trials.push(trial);
    return trial;
  }

  const readyCount = ({ child }: Trial) => child.lines.filter(({ msg }) => msg === 'worker.ready').length;

  // This takes over a minute: the SDK tolerates refused polls for that long before it gives up its worker.
  scenario(
    'field case 78: does not stop accepting events, and the worker is replaced when the namespace is back',
    async () => {
      const trial = await startTrial({ withNamespace: true });
      const ids = [await trial.trigger()];
      await trial.delivered(ids);
      await trial.loseNamespace();
      ids.push(await trial.trigger());
      await trial.namespaceProblem();
      await waitFor(() => trial.child.lines.some(({ msg }) => msg.startsWith('worker.failed')), {
        what: 'the end of the worker',
        timeoutMs: 120_000,
      });
      ids.push(await trial.trigger());
      const { temporal_problems } = await readiness(trial.url);
      assert.ok(temporal_problems.some(({ what }) => what.startsWith('The worker is not running')));
      assert.equal(readyCount(trial), 1);

      await trial.makeNamespace();
      await waitFor(() => readyCount(trial) === 2, { what: 'the second worker', timeoutMs: 60_000 });
      await trial.delivered(ids);
      ids.push(await trial.trigger());
      await trial.delivered(ids);
      const { temporal } = await readiness(trial.url);
      assert.equal(temporal, 'up');
      assert.ok(!trial.child.lines.some(({ msg }) => msg.startsWith('worker.left_behind')));
      await trial.endsInOrder();
    },
  );

  scenario(
    'does not stop a process from starting: it accepts events, and delivers them once the namespace exists',
    async () => {
      const trial = await startTrial({ withNamespace: false });
      const id = await trial.trigger();
      await trial.namespaceProblem();
      await trial.makeNamespace();
      await trial.child.waitForLine('worker.ready', 60_000);
      await trial.delivered([id]);
      await trial.endsInOrder();
    },
  );
});
