import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { install } from '@sinonjs/fake-timers';
import type { Client } from '@temporalio/client';
import type { Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { permitLimits, Permits } from '../../../src/temporal/priority/permits.js';
import { WorkflowStarter } from '../../../src/temporal/workflow-starter.js';
import { waitFor } from '../../support/wait-for.js';

/** The delivery's id at the end of a workflow id. */
const subjectOf = (workflowId: string) => workflowId.split('/').at(-1)!;

/** A fake Temporal: answers each start immediately or never, and records their order. */
function fakeTemporal({ eager, isSilent, refusal }: { eager: boolean; isSilent: boolean; refusal: Error | undefined }) {
  const started: string[] = [];
  const signalled: string[] = [];
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: {
      signalWithStart: (_type: string, { workflowId }: { workflowId: string }) => {
        signalled.push(subjectOf(workflowId));
        return new Promise(() => {});
      },
      start: (_type: string, { workflowId }: { workflowId: string }) => {
        started.push(subjectOf(workflowId));
        if (refusal) return Promise.reject(refusal);
        return isSilent ? new Promise(() => {}) : Promise.resolve({ eagerlyStarted: eager });
      },
    },
  } as unknown as Client;
  return { client, started, signalled };
}

describe('workflow starter', () => {
  let close: () => Promise<void>;
  afterEach(() => close());

  function open({
    eager = true,
    isSilent = false,
    refusal,
    isSlow,
  }: { eager?: boolean; isSilent?: boolean; refusal?: Error; isSlow?: (webhookId: number) => boolean } = {}) {
    const permits = new Permits();
    const db = { query: () => Promise.resolve({ rows: [] }) } as unknown as Database;
    const lines: { msg: string; level: string }[] = [];
    const log = createLogger(
      { level: 'info', format: 'json' },
      { write: (line) => lines.push(JSON.parse(line) as never) },
    );
    let refused = 0;
    const starter = new WorkflowStarter({ db, log, permits, onRefused: () => refused++, ...(isSlow && { isSlow }) });
    const { client, started, signalled } = fakeTemporal({ eager, isSilent, refusal });
    close = async () => {
      const closed = starter.close();
      for (const id of started) permits.of(id)?.release();
      await closed;
    };
    starter.use(client, { taskQueue: 'queue', eager });
    const start = (webhookId: number, count: number, tenantId = 'tenant') =>
      starter.start(
        Array.from({ length: count }, (_, n) => ({
          id: `${webhookId}-${n}`,
          eventRowId: `event-${n}`,
          tenantId,
          webhookId,
          eventType: 'call.completed',
          eventId: `${n}`,
        })),
      );
    return { permits, started, signalled, start, starter, client, lines, refused: () => refused };
  }

  it('begins only as much of a backlog as it works on, and the next as soon as one ends', async () => {
    const { started, start, permits } = open();
    start(1, 100);
    await turn();
    const initially = started.length;
    assert.equal(initially, permitLimits.bulkAlone);
    for (const id of ['1-0', '1-7']) {
      const before = started.length;
      permits.of(id)!.release();
      await turn();
      assert.equal(started.length, before + 1);
    }
  });

  it('starts a webhook with few deliveries before the backlog of another, which continues one at a time', async () => {
    const { started, start, permits } = open();
    start(1, 100);
    await turn();
    const before = started.length;
    start(2, 3);
    await turn();
    assert.deepEqual(started.slice(before), ['2-0', '2-1', '2-2']);
    for (const id of started.slice(0, before - 1)) permits.of(id)!.release();
    await turn();
    assert.equal(started.length, before + 3);
    permits.of(started[before - 1]!)!.release();
    // It follows only after a delay.
    await waitFor(() => started.length === before + 4, { what: 'the next of the backlog' });
  });

  it('has batches collected by one call at a time for each webhook, and each call with a permit', async () => {
    const answers: (() => void)[] = [];
    const { signalled, starter, client } = open();
    const ask = (webhookId: number) => starter.collect([{ webhookId, tenantId: `tenant-${webhookId}` }]);
    const { workflow } = client as unknown as { workflow: { signalWithStart: unknown } };
    workflow.signalWithStart = (_type: string, { workflowId }: { workflowId: string }) => {
      signalled.push(subjectOf(workflowId));
      return new Promise<void>((resolve) => answers.push(resolve));
    };
    for (let i = 0; i < 5; i++) ask(1);
    await turn();
    assert.deepEqual(signalled, ['tenant-1']);
    answers[0]!();
    await turn();
    assert.deepEqual(signalled, ['tenant-1', 'tenant-1'], 'once more for all that asked meanwhile');
    answers[1]!();
    await turn();
    assert.equal(signalled.length, 2);
    for (let webhookId = 2; webhookId < 200; webhookId++) ask(webhookId);
    await turn();
    assert.ok(signalled.length > 10 && signalled.length < 100, `${signalled.length} calls at once`);
    for (const answer of answers) answer();
  });

  it('treats a webhook that has a slow request open like one with a backlog', async () => {
    const { started, start } = open({ isSilent: true, isSlow: (webhookId) => webhookId === 1 });
    start(2, 1);
    start(1, 4);
    await turn();
    const startsOf = (webhookId: number) => started.filter((id) => id.startsWith(`${webhookId}-`)).length;
    assert.deepEqual([1, 2].map(startsOf), [1, 1], 'one of it alongside interactive work of others');
  });

  it('limits how many start before a backlog', async () => {
    const { started, start } = open();
    for (let webhookId = 1; webhookId <= 100; webhookId++) start(webhookId, 1);
    await turn();
    assert.ok(started.length > 20 && started.length < 40, `${started.length} at once`);
  });

  it('starts live events of a webhook before the deliveries of its recovery', async () => {
    const { starter, started, start } = open({ isSilent: true });
    starter.startRecovered(
      Array.from({ length: 900 }, (_, n) => ({ ...delivery, id: `recovered-${n}`, webhookId: 1 })),
    );
    const before = started.length;
    start(1, 4);
    await turn();
    assert.deepEqual(started.slice(before), ['1-0', '1-1', '1-2', '1-3']);
  });

  it('leaves half of a tenant’s queue to others, whatever its recoveries send', () => {
    const { starter, permits } = open({ isSilent: true });
    for (const webhookId of [1, 2])
      starter.startRecovered(
        Array.from({ length: 900 }, (_, n) => ({ ...delivery, id: `recovered-${webhookId}-${n}`, webhookId })),
      );
    assert.equal(permits.waiting('bulk'), 500);
  });

  it('treats wake-ups as bulk work: they come many at a time, and others’ new events go first', async () => {
    const { starter, signalled, started, start } = open({ isSilent: true });
    starter.wake(
      Array.from({ length: 100 }, (_, n) => ({ ...delivery, id: `woken-${n}`, webhookId: n + 10, hasWorkflow: true })),
    );
    await turn();
    assert.equal(signalled.length, permitLimits.bulkAlone);
    start(1, 1);
    await turn();
    assert.equal(started.at(-1), '1-0');
  });

  it('starts messages of a tenant alongside another tenant’s hundreds', async () => {
    const { starter, started } = open({ isSilent: true });
    for (let n = 0; n < 500; n++) starter.startMessage({ id: `many-${n}`, tenantId: 'many' });
    await turn();
    starter.startMessage({ id: 'one', tenantId: 'other' });
    await turn();
    assert.equal(started.at(-1), 'message-one');
  });

  it('keeps the permit of a message until its request goes out', async () => {
    const { starter, permits } = open();
    starter.startMessage({ id: 'one', tenantId: 'tenant' });
    for (let n = 0; n < 10; n++) await turn();
    const permit = permits.of('one');
    permit!.releaseSoon();
    await permit!.released;
    assert.equal(permits.of('one'), undefined);
  });

  it('starts a backlog of messages one at a time beside messages of another tenant', async () => {
    const { starter, started } = open({ isSilent: true });
    starter.startMessage({ id: 'one', tenantId: 'other' });
    for (let n = 0; n < 20; n++)
      starter.startMessageInTurn({ id: `${n}`, tenantId: 'tenant' }).catch(() => 'the starter is closed at the end');
    await turn();
    assert.equal(started.length, 1 + permitLimits.bulkBeside);
  });

  it('signals a workflow that waits, and starts one where none is left', async () => {
    const { starter, started, signalled } = open();
    starter.wake([
      { ...delivery, id: 'waits', webhookId: 1, hasWorkflow: true },
      { ...delivery, id: 'ended', webhookId: 2, hasWorkflow: false },
    ]);
    await turn();
    assert.deepEqual([started, signalled], [['ended'], ['waits']]);
  });

  it('does not wait for attempts that another process makes', async () => {
    const { started, start } = open({ eager: false });
    start(1, 30);
    await waitFor(() => started.length === 30, { what: 'all to be started' });
  });

  it('limits its open calls when Temporal is silent', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { started, start } = open({ isSilent: true });
      for (let webhookId = 1; webhookId <= 300; webhookId++) start(webhookId, 1);
      for (let n = 0; n < 20; n++) {
        clock.tick(2_000); // a turn about which nothing is reported ends
        await turn();
      }
      assert.equal(started.length, 100);
    } finally {
      clock.uninstall();
    }
  });

  const delivery = {
    id: '1-1',
    eventRowId: 'event-1',
    tenantId: 'tenant',
    webhookId: 1,
    eventType: 'call.completed',
    eventId: '1',
  };

  it('rejects the starts that still wait for their turn when it stops', async () => {
    const { starter } = open({ isSilent: true });
    const begun = Array.from({ length: 300 }, (_, n) =>
      starter.startInTurn({ ...delivery, id: `1-${n}`, webhookId: n }, 'wake'),
    );
    const ended = Promise.allSettled(begun.slice(100));
    await Promise.all([starter.close(), assert.rejects(starter.startInTurn(delivery, 'wake'), /this process stops/)]);
    await assert.rejects(starter.startInTurn(delivery, 'wake'), /this process stops/);
    assert.ok((await ended).every(({ status }) => status === 'rejected'));
  });

  it('fails the starts that wait for their turn after one round of calls when Temporal is away', async () => {
    const { starter, started } = open({ refusal: Object.assign(new Error('no'), { code: 14 }) });
    const waiting = Array.from({ length: 50 }, (_, n) => starter.startInTurn({ ...delivery, id: `1-${n}` }, 'leave'));
    await assert.rejects(Promise.any(waiting));
    assert.ok(started.length <= permitLimits.bulkAlone, `${started.length} calls`);
  });

  it('keeps the others waiting for their start when one is refused', async () => {
    const { starter, client } = open();
    const { start } = client.workflow;
    client.workflow.start = ((type: string, options: { workflowId: string }) =>
      subjectOf(options.workflowId) === 'bad'
        ? Promise.reject(Object.assign(new Error('no'), { code: 3 }))
        : start.call(client.workflow, type, options as never)) as typeof start;
    const bad = starter.startInTurn({ ...delivery, id: 'bad' }, 'leave');
    const good = starter.startInTurn({ ...delivery, id: 'good' }, 'leave');
    await assert.rejects(bad, /no/);
    assert.deepEqual(await good, { task: 'here', started: true });
  });

  for (const [what, code, line, isRefusal] of [
    ['that is away', 14, /^temporal\.start_failed/, false],
    ['without our search attributes', 3, /^temporal\.start_refused/, true],
    ['without our namespace', 5, /^temporal\.start_refused/, true],
  ] as const)
    it(`logs a Temporal ${what} once a minute while it lasts`, async () => {
      const clock = install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      try {
        const { start, lines, refused } = open({ refusal: Object.assign(new Error('no'), { code }) });
        const lineCount = () => lines.filter(({ msg }) => line.test(msg)).length;
        for (let seconds = 0; seconds < 150; seconds++) {
          start(1, 1);
          for (let n = 0; n < 10; n++) await turn();
          if (seconds === 50) assert.equal(lineCount(), 1);
          clock.tick(1_000);
        }
        assert.equal(lineCount(), 3);
        assert.equal(lines.length, 3);
        assert.equal(refused() > 0, isRefusal);
      } finally {
        clock.uninstall();
      }
    });
});
