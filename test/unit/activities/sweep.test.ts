import assert from 'node:assert/strict';
import { install } from '@sinonjs/fake-timers';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sweep } from '../../../activities/maintenance/sweep.js';
import type { Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';

const log = createLogger({ level: 'silent', format: 'json' });
const row = { id: '1', tenant_id: 't', webhook_id: 1, event_type: 'call.completed', event_id: 'e' };

describe('sweep', () => {
  it('leaves what takes longer than minutes to the next one, before Temporal gives it up', async () => {
    const clock = install({ toFake: ['performance'] });
    try {
      let started = 0;
      const db = { query: () => Promise.resolve({ rows: Array.from({ length: 200 }, () => row) }) };
      const startInTurn = () => {
        started++;
        clock.tick(100);
        return Promise.resolve();
      };
      await new MockActivityEnvironment().run(() =>
        sweep({ db: db as unknown as Database, log, startInTurn, workflows: { settle: () => undefined } }),
      );
      assert.ok(started > 1_000, 'not after the first ones');
      assert.ok(started * 100 < 300_000, `${started} starts`);
    } finally {
      clock.uninstall();
    }
  });

  it('starts the others when Temporal always refuses one, and leaves that one to the next sweep', async () => {
    const rows = Array.from({ length: 120 }, (_, i) => ({ ...row, id: String(i) }));
    const marked: string[] = [];
    const db = {
      query: (text: string, values: unknown[] = []) => {
        if (text.includes('set workflow_started_at')) marked.push(...(values[0] as string[]));
        return Promise.resolve({ rows: text.includes('workflow_started_at is null and pending_since') ? rows : [] });
      },
    };
    const startInTurn = ({ id }: { id: string }) =>
      id === '7' ? Promise.reject(new Error('refused')) : Promise.resolve();
    const deps = { db: db as unknown as Database, log, startInTurn, workflows: { settle: () => undefined } };
    await new MockActivityEnvironment().run(() => sweep(deps));
    assert.equal(marked.length, 119);
    assert.ok(!marked.includes('7'));
  });

  it('fails when nothing starts: then it is Temporal that is away', async () => {
    const db = { query: () => Promise.resolve({ rows: [row] }) };
    const startInTurn = () => Promise.reject(new Error('away'));
    const deps = { db: db as unknown as Database, log, startInTurn, workflows: { settle: () => undefined } };
    await assert.rejects(
      new MockActivityEnvironment().run(() => sweep(deps)),
      /away/,
    );
  });
});
