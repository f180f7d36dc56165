import assert from 'node:assert/strict';
import { FairQueue } from '../../src/fair-queue.js';

describe('fair queue', () => {
  const takeAll = (queue: FairQueue<string>) => {
    const taken: string[] = [];
    for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
    return taken;
  };

  it('gives each key its turn, and what is under a key in the order it came', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.add(item[0]!, item);
    assert.deepEqual(takeAll(queue), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('lets a newcomer wait for one turn of the others, however long their backlog', () => {
    const queue = new FairQueue<string>();
    for (let i = 0; i < 100; i++) queue.add('a', `a${i}`);
    queue.take();
    queue.add('b', 'b0');
    assert.equal(queue.take(), 'a1');
    assert.equal(queue.take(), 'b0');
  });

  it('counts what waits, in all and under a key', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'b1']) queue.add(item[0]!, item);
    queue.take();
    assert.deepEqual([queue.size, queue.sizeOf('a'), queue.sizeOf('b'), queue.sizeOf('c')], [2, 1, 1, 0]);
    queue.clear();
    assert.deepEqual([queue.size, queue.sizeOf('a'), queue.take()], [0, 0, undefined]);
  });
});
