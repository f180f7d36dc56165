import assert from 'node:assert/strict';
import { install } from '@sinonjs/fake-timers';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sweep } from '../../../activities/maintenance/sweep.js';
import type { Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';

const log = createLogger({ level: 'silent', format: 'json' });

interface Row {
  id: string;
  tenant_id: string;
}

const rowsOf = (tenant: string, count: number): Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${tenant}-${i}`, tenant_id: tenant }));

/** A fake Postgres for the sweeper: lists a few rows of each tenant until they are marked. */
function fakeDatabase({ unstarted = [], overdue = [] }: { unstarted?: Row[]; overdue?: Row[] }) {
  const marked = new Set<string>();
  const inTurn = (rows: Row[], ofTenant: number, leftTenants: string[], leftIds: string[]) => {
    const shares = new Map<string, number>();
    const places = new Map<Row, number>();
    for (const row of rows) {
      if (marked.has(row.id) || leftTenants.includes(row.tenant_id) || leftIds.includes(row.id)) continue;
      const place = shares.get(row.tenant_id) ?? 0;
      shares.set(row.tenant_id, place + 1);
      if (place < ofTenant) places.set(row, place);
    }
    return [...places.keys()].sort((a, b) => places.get(a)! - places.get(b)!);
  };
  const db = {
    query: (text: string, values: unknown[] = []) => {
      if (text.includes('set workflow_started_at')) for (const id of values[0] as string[]) marked.add(id);
      if (!text.includes('with recursive tenant')) return Promise.resolve({ rows: [] });
      const [, ofTenant, tenants, ids] = values as [number, number, string[], string[]];
      const rows = text.includes('workflow_started_at is null') ? unstarted : overdue;
      return Promise.resolve({ rows: inTurn(rows, ofTenant, tenants, ids) });
    },
  };
  return { db: db as unknown as Database, marked, unstarted, overdue };
}

type Start = (delivery: { id: string; tenantId: string }, ifRunning: string) => Promise<{ started: boolean }>;

const run = ({ db }: { db: Database }, startInTurn: Start) =>
  new MockActivityEnvironment().run(() =>
    sweep(
      {
        db,
        log,
        startInTurn,
        workflows: {
          start: () => undefined,
          settle: () => undefined,
          recover: () => undefined,
          verify: () => undefined,
          collect: () => undefined,
        },
      },
      0,
    ),
  );

describe('sweep', () => {
  it("starts a tenant's only delivery among the first, whatever another tenant has", async () => {
    const fake = fakeDatabase({ unstarted: [...rowsOf('big', 1_000), ...rowsOf('small', 1)] });
    const started: string[] = [];
    await run(fake, ({ id }) => {
      started.push(id);
      return Promise.resolve({ started: true });
    });
    assert.equal(started.length, 1_001);
    assert.ok(started.indexOf('small-0') <= 1, `as number ${started.indexOf('small-0')}`);
  });

  it('starts what is added meanwhile in the next round, while another tenant has thousands', async () => {
    const fake = fakeDatabase({ unstarted: rowsOf('big', 1_000) });
    const started: string[] = [];
    await run(fake, ({ id }) => {
      started.push(id);
      if (started.length === 300) fake.unstarted.push(...rowsOf('small', 1));
      return Promise.resolve({ started: true });
    });
    assert.equal(started.length, 1_001);
    assert.ok(started.indexOf('small-0') < 400, `as number ${started.indexOf('small-0')}`);
  });

  it('wakes running workflows of unstarted deliveries, and leaves those of overdue ones alone', async () => {
    const fake = fakeDatabase({ unstarted: rowsOf('unstarted', 1), overdue: rowsOf('overdue', 1) });
    const calls: [string, string][] = [];
    await run(fake, ({ id }, ifRunning) => {
      calls.push([id, ifRunning]);
      return Promise.resolve({ started: false });
    });
    assert.deepEqual(calls, [
      ['unstarted-0', 'wake'],
      ['overdue-0', 'leave'],
    ]);
    assert.deepEqual([...fake.marked], ['unstarted-0', 'overdue-0']);
  });

  it('starts everything overdue if workflows are gone, and tries only a few if a worker is just behind', async () => {
    const fake = fakeDatabase({ overdue: [...rowsOf('behind', 1_000), ...rowsOf('gone', 1_000)] });
    const tried = { behind: 0, gone: 0 };
    await run(fake, ({ tenantId }) => {
      tried[tenantId as keyof typeof tried]++;
      return Promise.resolve({ started: tenantId === 'gone' });
    });
    assert.deepEqual(tried, { behind: 5, gone: 1_000 });
    assert.equal(fake.marked.size, 1_005, 'those that run are skipped by the next sweep');
  });

  it('starts overdue deliveries even while new unstarted ones keep coming', async () => {
    const fake = fakeDatabase({ unstarted: rowsOf('big', 60), overdue: rowsOf('gone', 1) });
    let count = 60;
    let isOverdueStarted = false;
    await run(fake, ({ tenantId }) => {
      if (tenantId === 'gone') isOverdueStarted = true;
      else if (!isOverdueStarted && count < 1_000) fake.unstarted.push({ id: `big-${count++}`, tenant_id: 'big' });
      return Promise.resolve({ started: true });
    });
    assert.ok(isOverdueStarted && count < 200, `after ${count}`);
  });

  it('leaves the rest to the next sweep after some minutes, before its own timeout', async () => {
    const clock = install({ toFake: ['performance'] });
    try {
      const fake = fakeDatabase({ unstarted: rowsOf('big', 5_000) });
      let started = 0;
      await run(fake, () => {
        started++;
        clock.tick(100);
        return Promise.resolve({ started: true });
      });
      assert.ok(started > 1_000, 'not after the first ones');
      assert.ok(started * 100 < 300_000, `${started} starts`);
      assert.equal(fake.marked.size, started);
    } finally {
      clock.uninstall();
    }
  });

  it('starts the others when Temporal refuses some, and leaves those to the next sweep', async () => {
    const fake = fakeDatabase({ unstarted: rowsOf('one', 120), overdue: rowsOf('two', 1) });
    const refused: string[] = [];
    await run(fake, ({ id }) => {
      if (!/-[1-4]?7$/.test(id)) return Promise.resolve({ started: true });
      refused.push(id);
      return Promise.reject(new Error('refused'));
    });
    assert.equal(fake.marked.size, 116);
    assert.deepEqual(refused, ['one-7', 'one-17', 'one-27', 'one-37', 'one-47'], 'each is tried once');
  });

  it('fails after a few tries when nothing starts, since Temporal is then away', async () => {
    const fake = fakeDatabase({ unstarted: Array.from({ length: 20 }, (_, n) => rowsOf(`t${n}`, 50)).flat() });
    let tried = 0;
    const startInTurn = () => {
      tried++;
      return Promise.reject(new Error('away'));
    };
    await assert.rejects(run(fake, startInTurn), /away/);
    assert.ok(tried <= 100, `${tried} were tried`);
  });
});
