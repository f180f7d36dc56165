import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import { install } from '@sinonjs/fake-timers';
import { TenantCalls } from '../../../src/api/http/tenant-calls.js';

describe('calls of tenants', () => {
  it('are carried out four at a time for each tenant, in order', async () => {
    const calls = new TenantCalls();
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const call = (tenantId: string, name: string) =>
      calls.run(tenantId, async () => {
        begun.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
        return name;
      });
    const results = Array.from({ length: 6 }, (_, n) => call('one', `one ${n}`));
    results.push(call('other', 'other'));
    await soon();
    assert.deepEqual(begun, ['one 0', 'one 1', 'one 2', 'one 3', 'other']);
    ends[1]!();
    await soon();
    assert.equal(begun.at(-1), 'one 4');
    while (begun.length < 7 || ends.length > 0) {
      ends.splice(0).forEach((end) => end());
      await soon();
    }
    assert.deepEqual(await Promise.all(results), ['one 0', 'one 1', 'one 2', 'one 3', 'one 4', 'one 5', 'other']);
  });

  it('wait for two seconds at most', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const calls = new TenantCalls();
      let begun = 0;
      for (let n = 0; n < 6; n++) void calls.run('one', () => ((begun += 1), new Promise(() => {})));
      clock.tick(1_999);
      await soon();
      assert.equal(begun, 4);
      clock.tick(1);
      await soon();
      assert.equal(begun, 6);
      assert.equal(await calls.run('other', () => Promise.resolve('yes')), 'yes');
    } finally {
      clock.uninstall();
    }
  });

  it('that fail leave room for the next, and their error reaches the caller', async () => {
    const calls = new TenantCalls();
    const failing = Array.from({ length: 8 }, () => calls.run('one', () => Promise.reject(new Error('no'))));
    for (const call of failing) await assert.rejects(call, /no/);
    assert.equal(await calls.run('one', () => Promise.resolve('yes')), 'yes');
  });
});
