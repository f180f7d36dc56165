import assert from 'node:assert/strict';
import { DatabaseUnavailableError } from '../../src/db/database.js';
import { createLogger } from '../../src/log.js';
import { openService, type Service } from '../../src/server/open-service.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { assertInvariants } from '../support/invariants.js';
import { holdResponse, startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

interface Sent {
  id: string;
  webhookId: number;
  receiver: Receiver;
}

const log = createLogger({ level: 'silent', format: 'json' });
/** The silence lasts longer than every timeout of a call to Postgres. */
const outageMs = { cut: 20_000, freeze: 25_000 };
/** A start that Temporal answers too late is left to the sweeper, which starts it within 25 s; then a lease may last 15 s. */
const deliveredWithinMs = 60_000;

/** A process with API and worker that can lose Postgres while the test's own stack keeps it. */
class Trial {
  readonly #receivers: Receiver[] = [];

  private constructor(
    readonly stack: Stack,
    readonly proxy: TcpProxy,
    readonly child: ChildService,
    /** A service in this process, which loses Postgres together with the child. */
    readonly service: Service,
  ) {}

  static async start(): Promise<Trial> {
    const stack = await startStack({ parts: { api: false, worker: false } });
    const proxy = await startTcpProxy(Number(new URL(stack.database.url).port));
    const config = { ...stack.config, databaseUrl: throughProxy(stack.database.url, proxy) };
    const child = await startChildService('service', config);
    return new Trial(stack, proxy, child, await openService(config, log, { api: false, worker: false }));
  }

  async close(): Promise<void> {
    await this.child.end();
    await this.service.close();
    await this.proxy.close();
    await this.stack.close();
    await Promise.all(this.#receivers.map((receiver) => receiver.close()));
  }

  /** Sends one event to a new webhook with its own receiver; accepted even if the child has no Postgres. */
  async send(respond: Receiver['respond'], row: { timeoutMs?: number; maxRetries?: number } = {}): Promise<Sent> {
    const receiver = await startReceiver(respond);
    this.#receivers.push(receiver);
    const tenantId = await this.stack.insertTenant();
    const { id: webhookId } = await this.stack.insertWebhook(tenantId, { url: receiver.url, ...row });
    const [id] = await this.stack.trigger(tenantId);
    assert.ok(id);
    return { id, webhookId, receiver };
  }

  post(tenantId: string, eventId: string): Promise<Response> {
    const body = { tenant_id: tenantId, event_type: 'call.completed', event_id: eventId, payload: callCompleted };
    return fetch(`${this.child.url}/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.stack.adminKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** Ends the sessions of the child and of the test. */
  async terminateSessions(): Promise<void> {
    await this.stack.database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'irisx-webhooks' and pid <> pg_backend_pid()`,
    );
  }

  /** The delivery's workflow history in Temporal, as text. */
  async history({ id }: Sent): Promise<string> {
    return JSON.stringify(await (await this.stack.workflow(id)).fetchHistory(), (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    );
  }

  /** What the delivery's row, its workflow and the child's log say, for the report of a failed test. */
  async story({ id }: Sent): Promise<string> {
    const { events } = await (await this.stack.workflow(id)).fetchHistory();
    const steps = (events ?? []).map(
      ({ eventType, eventTime }) => `${new Date(Number(eventTime?.seconds) * 1_000).toISOString()} event ${eventType}`,
    );
    const lines = this.child.lines.slice(-40).map((line) => JSON.stringify(line));
    return [JSON.stringify(await this.stack.delivery(id)), ...steps, ...lines].join('\n');
  }

  /** Checks that requests with these numbers delivered it, each one an attempt. */
  async assertDelivered(sent: Sent, numbers: string[]): Promise<void> {
    const { id, webhookId, receiver } = sent;
    try {
      await waitFor(async () => (await this.stack.delivery(id)).status === 'delivered', {
        what: `delivery ${id}`,
        timeoutMs: deliveredWithinMs,
      });
    } catch (error) {
      throw new Error(`not delivered:\n${await this.story(sent).catch(String)}`, { cause: error });
    }
    assert.deepEqual(
      receiver.requests.map(({ headers }) => headers['x-irisx-attempt']),
      numbers,
    );
    assert.equal((await this.stack.delivery(id)).attempt_count, numbers.length);
    assert.equal(receiver.maxOpenRequests, 1, 'requests open at once');
    await assertInvariants(this.stack.database.pool, webhookId);
  }
}

describe('with Postgres away', function () {
  this.timeout(120_000);
  const trials: Trial[] = [];
  after(() => Promise.all(trials.map((trial) => trial.close())));

  async function startTrial(): Promise<Trial> {
    const trial = await Trial.start();
    trials.push(trial);
    return trial;
  }

  scenario('field case 63: survives the end of all its sessions, idle and in the middle of a delivery', async () => {
    const trial = await startTrial();
    await trial.terminateSessions();
    const idle = await trial.send(200);
    await trial.assertDelivered(idle, ['1']);

    const openResponse = holdResponse();
    const open = await trial.send(openResponse.respond);
    await open.receiver.waitForRequests(1);
    await trial.terminateSessions();
    openResponse.release();
    await trial.assertDelivered(open, ['1']);

    // The session ends during the statement that records the response.
    const recordedResponse = holdResponse();
    const recording = await trial.send(recordedResponse.respond);
    await recording.receiver.waitForRequests(1);
    const lock = await trial.stack.database.pool.connect();
    try {
      await lock.query('begin');
      await lock.query('select from webhook_deliveries where id = $1 for update', [recording.id]);
      recordedResponse.release();
      await waitFor(
        async () => {
          // Otherwise the transaction would keep showing its first snapshot of pg_stat_activity.
          await lock.query('select pg_stat_clear_snapshot()');
          const { rowCount } = await lock.query(
            'select pg_terminate_backend(pid) from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))',
          );
          return rowCount !== 0;
        },
        { what: 'the record to wait for the lock' },
      );
      await lock.query('commit');
    } finally {
      lock.release(true); // its own connection, so that a failure leaves no lock behind
    }
    await trial.assertDelivered(recording, ['1']);

    const tenantId = await trial.stack.insertTenant();
    assert.equal((await trial.post(tenantId, 'afterwards')).status, 201);
    assert.equal(trial.child.hasExited(), false);
  });

  for (const kind of ['cut', 'freeze'] as const) {
    const silent = kind === 'freeze';
    describe(`for ${outageMs[kind] / 1_000} s, ${silent ? 'silent' : 'refusing connections'}`, () => {
      const outage = () => outages[kind];

      it('field case 63: stays up, answers 503 meanwhile and accepts events again afterwards', async () => {
        const { trial, responses, tenantId } = await outage();
        assert.deepEqual(responses, { post: 503, retryAfter: '5', healthz: 200, readyz: 503 });
        assert.equal((await trial.post(tenantId, 'afterwards')).status, 201);
        assert.equal(trial.child.hasExited(), false);
      });

      it('refuses in-process events too, and delivers nothing that was not committed', async () => {
        const { trial, error, tenantId } = await outage();
        assert.ok(error instanceof DatabaseUnavailableError);
        const { rows } = await trial.stack.database.pool.query<{ event_id: string }>(
          `select event_id from webhook_events where tenant_id = $1 and event_id like 'meanwhile%'`,
          [tenantId],
        );
        assert.deepEqual(rows, []);
      });

      it('field case 68: records a 2xx that came meanwhile, and does not send the event again', async () => {
        const { trial, accepted } = await outage();
        await trial.assertDelivered(accepted, ['1']);
      });

      it('field case 68: records a failure that came meanwhile as one attempt, and makes the next', async () => {
        const { trial, rejected } = await outage();
        await trial.assertDelivered(rejected, ['1', '2']);
      });

      it('uses up no attempt of a delivery whose retry became due meanwhile', async () => {
        const { trial, backingOff } = await outage();
        await trial.assertDelivered(backingOff, ['1', '2']);
      });

      it('tells Temporal that Postgres was away, but not its host and port, and no stack trace', async () => {
        const { trial, accepted, backingOff, fresh } = await outage();
        const histories = await Promise.all(
          [accepted, backingOff, fresh].map(async (sent) => {
            await trial.assertDelivered(sent, sent === backingOff ? ['1', '2'] : ['1']);
            return trial.history(sent);
          }),
        );
        assert.match(histories.join(), /DatabaseUnavailable/);
        for (const history of histories) {
          assert.ok(!history.includes(String(trial.proxy.port)), 'the port of Postgres');
          assert.doesNotMatch(history, /ECONN|Error:|\.ts:|\.js:|node_modules/);
        }
      });

      it('uses up no attempt of a delivery that was created meanwhile', async () => {
        const { trial, fresh } = await outage();
        await trial.assertDelivered(fresh, ['1']);
      });
    });
  }

  const outages = {} as Record<'cut' | 'freeze', ReturnType<typeof runOutage>>;
  before(() => {
    for (const kind of ['cut', 'freeze'] as const) {
      outages[kind] = runOutage(kind);
      outages[kind].catch(() => undefined); // reported by the tests
    }
  });

  /** Has deliveries in every state when the outage begins, and calls the process during it. Resolves at its end. */
  async function runOutage(kind: 'cut' | 'freeze') {
    const trial = await startTrial();
    const tenantId = await trial.stack.insertTenant();
    const success = holdResponse();
    const failure = holdResponse(500);

    const backingOff = await trial.send([500, 200], { maxRetries: 1 });
    await waitFor(async () => (await trial.stack.delivery(backingOff.id)).attempt_count === 1, { what: 'an attempt' });
    const accepted = await trial.send(success.respond, { timeoutMs: 30_000 });
    const rejected = await trial.send((_request, _response, index) => (index === 0 ? failure.respond() : 200), {
      timeoutMs: 30_000,
    });
    for (const { receiver } of [accepted, rejected]) await receiver.waitForRequests(1);
    await trial.proxy[kind]();
    const beganAtMs = performance.now();
    success.release();
    failure.release();

    const fresh = await trial.send(200);
    const event = {
      tenantId,
      eventType: 'call.completed' as const,
      eventId: 'meanwhile, in process',
      payload: callCompleted,
    };
    const [post, healthz, readyz, error] = await Promise.all([
      trial.post(tenantId, 'meanwhile, by the API'),
      fetch(`${trial.child.url}/healthz`),
      fetch(`${trial.child.url}/readyz`),
      trial.service.triggerEvent(event).catch((reason: unknown) => reason),
    ]);
    const responses = {
      post: post.status,
      retryAfter: post.headers.get('Retry-After'),
      healthz: healthz.status,
      readyz: readyz.status,
    };
    await waitFor(() => performance.now() - beganAtMs > outageMs[kind], {
      what: 'the outage to last',
      timeoutMs: outageMs[kind],
    });
    await trial.proxy.restore();
    return { trial, tenantId, backingOff, accepted, rejected, fresh, responses, error };
  }
});
