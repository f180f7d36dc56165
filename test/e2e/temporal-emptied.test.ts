import assert from 'node:assert/strict';
import { ScheduleNotFoundError } from '@temporalio/client';
import { createLogger } from '../../src/log.js';
import { startTemporal, type EmbeddedTemporal } from '../../src/dev/embedded/temporal.js';
import { insertUnstarted } from '../support/insert-unstarted.js';
import { readiness } from '../support/readiness.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const log = createLogger({ level: 'silent', format: 'json' });

/** In memory, so a kill loses everything it held. */
const startEmpty = (port?: number) =>
  startTemporal({
    binary: process.env['TEST_TEMPORAL_BINARY']!,
    namespace: 'default',
    log,
    ...(port !== undefined && { port }),
  });

describe('a Temporal whose state was lost or changed', function () {
  this.timeout(120_000);
  let temporal: EmbeddedTemporal;
  let stack: Stack;
  let receiver: Receiver;
  let tenantId: string;
  let url: string;
  let sweepId: string;

  before(async () => {
    temporal = await startEmpty();
    receiver = await startReceiver();
    stack = await startStack({ temporalAddress: temporal.address, times: { temporalCheckEveryMs: 1_000 } });
    await stack.service.ready;
    url = stack.service.url!;
    sweepId = `${stack.config.temporal.taskQueue}-sweep`;
    tenantId = await stack.insertTenant();
    await stack.insertWebhook(tenantId, { url: receiver.url });
  });
  after(async () => {
    await stack.close();
    await temporal.stop();
    await receiver.close();
  });

  const delivered = (ids: string[]) =>
    waitFor(
      async () => {
        const { rows } = await stack.database.pool.query(
          'select from webhook_deliveries where id = any($1) and status = $2',
          [ids, 'delivered'],
        );
        return rows.length === ids.length;
      },
      { what: `${ids.length} deliveries`, timeoutMs: 60_000, intervalMs: 50 },
    );
  const sweep = () => stack.temporal.schedule.getHandle(sweepId);
  const problemAbout = (what: RegExp) =>
    waitFor(
      async () => {
        const { httpStatus, temporal: state, temporal_problems: problems } = await readiness(url);
        assert.equal(httpStatus, 200);
        const problem = problems.find((each) => what.test(each.what));
        return problem && { state, ...problem };
      },
      { what: `a problem like ${what} in /readyz`, intervalMs: 100 },
    );
  const noProblem = () =>
    waitFor(
      async () => {
        const { temporal: state, temporal_problems: problems } = await readiness(url);
        return state === 'up' && problems.length === 0;
      },
      { what: '/readyz without a problem', intervalMs: 100 },
    );

  it('field case 76: needs no restart of the service when it comes back empty: everything is delivered', async () => {
    const ids = await stack.trigger(tenantId);
    await delivered(ids);
    process.kill(temporal.pid, 'SIGKILL');
    await temporal.stop();
    for (let i = 0; i < 2; i++) ids.push(...(await stack.trigger(tenantId)));
    temporal = await startEmpty(Number(temporal.address.split(':')[1]));
    for (let i = 0; i < 3; i++) ids.push(...(await stack.trigger(tenantId)));
    // Only the sweeper delivers these, so its Schedule must exist again.
    for (let i = 0; i < 3; i++) ids.push(await insertUnstarted(stack.database.pool, tenantId));
    await delivered(ids);
    await noProblem();
    const sent = receiver.requests.map(({ headers }) => headers['x-irisx-delivery']);
    assert.equal(new Set(sent).size, sent.length);
    assert.equal(sent.length, ids.length);
  });

  it('gets lost workflows started again two minutes after their deliveries were due', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push(await insertUnstarted(stack.database.pool, tenantId));
    await stack.database.pool.query(
      `update webhook_deliveries set next_attempt_at = now() - interval '121 s', workflow_started_at = now() - interval '121 s'
        where id = any($1)`,
      [ids],
    );
    await delivered(ids);
  });

  it('gets back a Schedule that was deleted', async () => {
    await sweep().delete();
    await waitFor(
      () =>
        sweep()
          .describe()
          .catch((error: unknown) => {
            if (!(error instanceof ScheduleNotFoundError)) throw error;
          }),
      { what: 'the Schedule', intervalMs: 100 },
    );
    await delivered([await insertUnstarted(stack.database.pool, tenantId)]);
  });

  it('gets a Schedule corrected that was edited', async () => {
    const oneYear = [{ every: 365 * 86_400_000 }];
    await sweep().update(({ policies, action }) => ({ spec: { intervals: oneYear }, action, policies, state: {} }));
    await waitFor(async () => (await sweep().describe()).spec.intervals?.[0]?.every === 10_000, {
      what: 'the interval of the sweep',
      intervalMs: 100,
    });
    await delivered([await insertUnstarted(stack.database.pool, tenantId)]);
  });

  it('keeps a Schedule paused by an operator, and /readyz names the command that resumes it', async () => {
    await sweep().pause('for the night');
    const { state, what, remedy } = await problemAbout(/is paused/);
    assert.equal(state, 'degraded');
    assert.match(what, /-sweep is paused \(for the night\)/);
    assert.match(remedy, new RegExp(`^temporal schedule toggle --unpause .*--schedule-id ${sweepId} `));
    assert.equal((await sweep().describe()).state.paused, true);
    await sweep().unpause();
    await noProblem();
  });
});
