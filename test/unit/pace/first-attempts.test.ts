import assert from 'node:assert/strict';
import { FirstAttempts } from '../../../src/temporal/pace/first-attempts.js';
import { Turn } from '../../../src/temporal/pace/turn.js';

describe('first attempts', () => {
  it('are expected until their turn ends', async () => {
    const attempts = new FirstAttempts();
    const turn = new Turn();
    attempts.expect('one', turn);
    assert.equal(attempts.turnOf('one'), turn);
    assert.equal(attempts.turnOf('another'), undefined);
    turn.end();
    await turn.ended;
    assert.equal(attempts.turnOf('one'), undefined);
  });

  it('started twice, are told apart', async () => {
    const attempts = new FirstAttempts();
    const [first, second] = [new Turn(), new Turn()];
    for (const turn of [first, second]) attempts.expect('one', turn);
    first.end();
    await first.ended;
    assert.equal(attempts.turnOf('one'), second);
    second.end();
  });
});
