import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import { Turn } from '../../../src/temporal/pace/turn.js';

describe('turn', () => {
  it('lasts until it is ended', async () => {
    const turn = new Turn();
    let isOver = false;
    void turn.ended.then(() => (isOver = true));
    await soon();
    assert.equal(isOver, false);
    turn.end();
    await turn.ended;
    assert.equal(turn.sentAfterMs, undefined);
  });

  it('ends by itself when it waits for a receiver', async () => {
    const turn = new Turn();
    turn.sending();
    await turn.ended;
    assert.ok(turn.sentAfterMs! >= 0 && turn.ageMs >= 25, `${turn.ageMs} ms`);
  });

  it('ends by itself when nothing is heard of it', async () => {
    const turn = new Turn();
    await turn.ended;
    assert.equal(turn.sentAfterMs, undefined);
  });
});
