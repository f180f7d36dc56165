import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { Database } from '../../src/db/database.js';
import { createLogger } from '../../src/log.js';
import { MessageStarter } from '../../src/temporal/message-starter.js';

const log = createLogger({ level: 'silent', format: 'json' });

/** A starter whose calls to Temporal end when `answer` is called. */
function open() {
  const asked: string[] = [];
  const answers = new Map<string, (error?: Error) => void>();
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: {
      start: (_type: string, { workflowId }: { workflowId: string }) =>
        new Promise((resolve, reject) => {
          asked.push(workflowId);
          answers.set(workflowId, (error) => (error ? reject(error) : resolve({ eagerlyStarted: true })));
        }),
    },
  } as unknown as Client;
  const marked: string[] = [];
  const db = { query: (_text: string, [ids]: [string[]]) => Promise.resolve(marked.push(...ids)) };
  const starter = new MessageStarter({ db: db as unknown as Database, log });
  starter.use(client, { taskQueue: 'queue', eager: true });
  return { starter, asked, marked, answer: (id: string, error?: Error) => answers.get(`message-${id}`)!(error) };
}

describe('message starter', () => {
  it('lets no tenant wait behind the messages of another, and drops none of hundreds', async () => {
    const { starter, asked, answer, marked } = open();
    for (let n = 0; n < 300; n++) starter.start({ id: `big-${n}`, tenantId: 'big' });
    starter.start({ id: 'small', tenantId: 'small' });
    const before = asked.length;
    assert.ok(before < 300, `${before} at once`);
    answer('big-0');
    answer('big-1');
    await turn();
    assert.ok(asked.slice(before).includes('message-small'), asked.slice(before).join());
    for (let n = 2; n < 300; n++) {
      answer(`big-${n}`);
      await turn();
    }
    assert.equal(asked.length, 301);
    assert.equal(marked.length, 300);
  });

  it('tells the sweeper whether it started, ran already, or was refused', async () => {
    const { starter, answer } = open();
    const inTurn = ['new', 'running', 'refused'].map((id) => starter.startInTurn({ id, tenantId: 'one' }));
    answer('new');
    answer('running', new WorkflowExecutionAlreadyStartedError('no', 'message-running', 'sendMessage'));
    answer('refused', new Error('no'));
    assert.deepEqual(
      (await Promise.allSettled(inTurn)).map((result) =>
        result.status === 'fulfilled' ? result.value.started : 'rejected',
      ),
      [true, false, 'rejected'],
    );
  });

  it('leaves no sweeper waiting when the process stops', async () => {
    const { starter, asked, answer } = open();
    const begun = Array.from({ length: 60 }, (_, n) => starter.startInTurn({ id: `${n}`, tenantId: 'one' }));
    const ended = Promise.allSettled(begun);
    const underWay = asked.length;
    const closed = starter.close();
    for (let n = 0; n < underWay; n++) answer(`${n}`);
    await closed;
    assert.equal((await ended).filter(({ status }) => status === 'rejected').length, 60 - underWay);
    await assert.rejects(starter.startInTurn({ id: 'late', tenantId: 'one' }), /this process stops/);
  });
});
