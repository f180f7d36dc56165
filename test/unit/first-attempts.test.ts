import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { FirstAttempts } from '../../src/first-attempts.js';

const pending = async (done: Promise<void>, ms = 0) =>
  (await Promise.race([done.then(() => 'done'), delay(ms, 'pending')])) === 'pending';

describe('first attempts', () => {
  it('are done when they ended, sent or not', async () => {
    const attempts = new FirstAttempts();
    const [sent, refused] = [attempts.expect('sent'), attempts.expect('refused')];
    attempts.sending('sent');
    assert.ok((await pending(sent.done)) && (await pending(refused.done)));
    for (const id of ['sent', 'refused']) attempts.ended(id);
    await Promise.all([sent.done, refused.done]);
    assert.ok(sent.sentAfterMs! >= 0);
    assert.equal(refused.sentAfterMs, undefined);
  });

  it('are done when they wait for their receiver', async () => {
    const attempts = new FirstAttempts();
    const { done } = attempts.expect('one');
    attempts.sending('one');
    await done;
    attempts.ended('one'); // later, and nobody's any more
  });

  it('are done when forgotten', async () => {
    const attempts = new FirstAttempts();
    const attempt = attempts.expect('one');
    attempt.forget();
    await attempt.done;
    attempts.sending('one');
    assert.equal(attempt.sentAfterMs, undefined);
  });

  it('started twice, are told apart', async () => {
    const attempts = new FirstAttempts();
    const [first, second] = [attempts.expect('one'), attempts.expect('one')];
    first.forget();
    assert.ok(await pending(second.done));
    attempts.ended('one');
    await second.done;
  });
});
