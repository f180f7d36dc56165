import assert from 'node:assert/strict';
import { createLogger } from '../../src/log.js';
import { allOf, closeAll } from '../../src/close-all.js';

describe('closing the parts of a process', () => {
  it('continues when one fails, even with an exception, and then reports it', async () => {
    const closed: string[] = [];
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) });
    const closers = [
      async () => closed.push('database'),
      () => Promise.reject(new Error('Workers hold a reference to it')),
      () => {
        throw new Error('thrown');
      },
      async () => closed.push('api'),
    ];
    await assert.rejects(closeAll(closers, log), /2 parts of this process did not close/);
    assert.deepEqual(closed, ['api', 'database']);
    assert.equal(lines.length, 2);
    await closeAll(closers, log);
    assert.equal(closed.length, 2);
  });

  it('in parallel waits for all of them, even if one fails', async () => {
    let isDone = false;
    const slow = new Promise<void>((resolve) => setImmediate(resolve)).then(() => void (isDone = true));
    await assert.rejects(allOf([Promise.reject(new Error('no')), undefined, slow]), /no/);
    assert.equal(isDone, true);
  });
});
