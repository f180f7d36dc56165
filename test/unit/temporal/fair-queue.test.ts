import assert from 'node:assert/strict';
import { FairQueue } from '../../../src/temporal/priority/fair-queue.js';

describe('fair queue', () => {
  const takeAll = (queue: FairQueue<string>) => {
    const taken: string[] = [];
    for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
    return taken;
  };

  it('gives each key its turn, and keeps the order within a key', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.add('tenant', item[0]!, item);
    assert.deepEqual(takeAll(queue), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('makes a newcomer wait for only one turn of the others, however long their backlog', () => {
    const queue = new FairQueue<string>();
    for (let i = 0; i < 100; i++) queue.add('tenant', 'a', `a${i}`);
    queue.take();
    queue.add('tenant', 'b', 'b0');
    assert.equal(queue.take(), 'a1');
    assert.equal(queue.take(), 'b0');
  });

  it('gives each group its turn, however many keys it has', () => {
    const queue = new FairQueue<string>();
    for (const key of ['a', 'b', 'c', 'd']) queue.add('many', key, key);
    for (const item of ['x1', 'x2']) queue.add('one', 'x', item);
    assert.deepEqual(takeAll(queue), ['a', 'x1', 'b', 'x2', 'c', 'd']);
  });

  it('counts waiting items, in all and per group', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'b1']) queue.add('tenant', item[0]!, item);
    queue.take();
    assert.deepEqual([queue.size, queue.sizeOf('tenant'), queue.sizeOf('another')], [2, 2, 0]);
    assert.deepEqual(takeAll(queue).sort(), ['a2', 'b1']);
    assert.deepEqual([queue.size, queue.sizeOf('tenant'), queue.take()], [0, 0, undefined]);
  });
});
