import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { OneAtATime } from '../../../src/temporal/one-at-a-time.js';

describe('work that runs one at a time', () => {
  let ends: (() => void)[];
  let works: OneAtATime<string>;
  beforeEach(() => {
    ends = [];
    works = new OneAtATime();
  });
  const ask = (key: string) => works.run(key, () => new Promise((resolve) => void ends.push(resolve)));

  it('runs once more for all that asked meanwhile, and then no more', async () => {
    for (let i = 0; i < 5; i++) ask('a');
    assert.equal(ends.length, 1);
    ends[0]!();
    await turn();
    assert.equal(ends.length, 2);
    ends[1]!();
    await turn();
    assert.equal(ends.length, 2);
    ask('a');
    assert.equal(ends.length, 3);
  });

  it('does not hold up work for another key', () => {
    ask('a');
    ask('b');
    assert.equal(ends.length, 2);
  });
});
