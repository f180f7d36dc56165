import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import { install } from '@sinonjs/fake-timers';
import { Permit } from '../../../src/temporal/priority/permit.js';

describe('a permit', () => {
  it('is held until it is released', async () => {
    const permit = new Permit();
    let isReleased = false;
    void permit.released.then(() => (isReleased = true));
    await soon();
    assert.equal(isReleased, false);
    permit.release();
    await permit.released;
  });

  for (const [what, isSending, heldMs] of [
    ['its request waits for the receiver', true, 30],
    ['nothing is reported about its work', false, 2_000],
  ] as const)
    it(`is released by itself when ${what}`, async () => {
      const clock = install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      try {
        const permit = new Permit();
        if (isSending) permit.releaseSoon();
        let isReleased = false;
        void permit.released.then(() => (isReleased = true));
        clock.tick(heldMs - 1);
        await soon();
        assert.equal(isReleased, false);
        clock.tick(1);
        await permit.released;
        assert.equal(permit.ageMs, heldMs);
      } finally {
        clock.uninstall();
      }
    });
});
