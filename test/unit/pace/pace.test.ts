import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import { install } from '@sinonjs/fake-timers';
import { Pace, type Urgency } from '../../../src/temporal/pace/pace.js';
import type { Turn } from '../../../src/temporal/pace/turn.js';

/** Work of one webhook without end. */
function endless(pace: Pace, urgency: Urgency, webhookId: number) {
  const turns: Turn[] = [];
  let left = 0;
  pace.join(urgency, {
    peek: () => (left > 0 ? webhookId : undefined),
    begin: (turn) => {
      left--;
      turns.push(turn);
    },
  });
  return {
    turns,
    add: (count = Infinity) => {
      left += count;
      pace.next();
    },
  };
}

const end = async (turn: Turn) => {
  turn.end();
  await soon();
};

describe('pace', () => {
  it('gives whoever is alone all that the process works on', () => {
    const pace = new Pace();
    const backlog = endless(pace, 'backlog', 1);
    backlog.add();
    assert.equal(backlog.turns.length, 8);
  });

  it('begins prompt work beside a backlog, which is one at a time from then on', async () => {
    const pace = new Pace();
    const backlog = endless(pace, 'backlog', 1);
    const prompt = endless(pace, 'prompt', 2);
    backlog.add();
    prompt.add(1);
    assert.equal(prompt.turns.length, 1);
    for (let n = 0; n < 7; n++) await end(backlog.turns[n]!);
    assert.equal(backlog.turns.length, 8);
    await end(backlog.turns[7]!);
    assert.equal(backlog.turns.length, 9);
  });

  it('does not hold back a backlog for prompt work of the same webhook', async () => {
    const pace = new Pace();
    const backlog = endless(pace, 'backlog', 1);
    const prompt = endless(pace, 'prompt', 1);
    backlog.add();
    prompt.add(1);
    await end(backlog.turns[0]!);
    await end(backlog.turns[1]!);
    assert.equal(backlog.turns.length, 9);
  });

  it('lets a backlog go on half as fast where there is much prompt work', async () => {
    const pace = new Pace();
    const prompt = endless(pace, 'prompt', 2);
    const backlog = endless(pace, 'backlog', 1);
    prompt.add(11);
    backlog.add();
    assert.deepEqual([prompt.turns.length, backlog.turns.length], [11, 5]);
  });

  it('gives several backlogs their turns', async () => {
    const pace = new Pace();
    const [one, another] = [endless(pace, 'backlog', 1), endless(pace, 'backlog', 2)];
    one.add();
    another.add();
    for (let n = 0; n < 8; n++) await end(one.turns[n]!);
    assert.deepEqual([one.turns.length, another.turns.length], [12, 4]);
  });

  it('pauses after the backlog when prompt work is hindered', async () => {
    const pace = new Pace();
    const backlog = endless(pace, 'backlog', 1);
    const prompt = endless(pace, 'prompt', 2);
    prompt.add(1);
    pace.record('prompt', prompt.turns[0]!, 10);
    for (let n = 0; n < 20; n++) pace.record('prompt', prompt.turns[0]!, 100);
    backlog.add();
    assert.equal(backlog.turns.length, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await end(backlog.turns[0]!);
    assert.equal(backlog.turns.length, 1);
    while (backlog.turns.length === 1) await soon();
  });

  it('lets those who enter wait for their turn, and says when nobody waits', async () => {
    const pace = new Pace();
    const { signal } = new AbortController();
    await pace.nobodyWaits(signal);
    const turns = await Promise.all(Array.from({ length: 8 }, () => pace.enter(1)));
    const ninth = pace.enter(1);
    let isFree = false;
    const free = pace.nobodyWaits(signal).then(() => (isFree = true));
    await soon();
    assert.equal(isFree, false);
    turns[0]!.end();
    await Promise.all([ninth, free]);
  });

  it('lets nobody wait for ever', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const pace = new Pace();
      let entered = 0;
      for (let n = 0; n < 100; n++) void pace.enter(1).then(() => entered++);
      await soon();
      assert.equal(entered, 8);
      clock.tick(3_000);
      await soon();
      assert.equal(entered, 100);
    } finally {
      clock.uninstall();
    }
  });

  it('stops waiting at a signal', async () => {
    const pace = new Pace();
    for (let n = 0; n < 9; n++) void pace.enter(1);
    const stop = new AbortController();
    const free = pace.nobodyWaits(stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(free, /enough/);
    await assert.rejects(pace.nobodyWaits(stop.signal), /enough/);
  });
});
