import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import { install } from '@sinonjs/fake-timers';
import { Permit } from '../../../src/temporal/priority/permit.js';
import { Permits, webhookKey, type Priority } from '../../../src/temporal/priority/permits.js';

const limits = { interactive: 7, bulkAlone: 3, bulkBeside: 1, bulkPause: 2 };

/** Permits, and the work that was begun, in order. */
function open() {
  const permits = new Permits(limits);
  const begun: { tenantId: string; webhookId: number; permit: Permit }[] = [];
  const submit = (priority: Priority, webhookId: number, count = 1, tenantId = `of ${webhookId}`) => {
    for (let n = 0; n < count; n++)
      permits.submit(priority, {
        tenantId,
        key: webhookKey(webhookId),
        begin: (permit) => begun.push({ tenantId, webhookId, permit }),
      });
  };
  const release = async (index: number) => {
    begun[index]!.permit.release();
    await soon();
  };
  return { permits, begun, submit, release, webhooks: () => begun.map(({ webhookId }) => webhookId) };
}

describe('permits', () => {
  let clock: ReturnType<typeof install>;
  beforeEach(() => (clock = install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })));
  afterEach(() => clock.uninstall());

  it('go to bulk work up to its limit while it is alone, and again as they are released', async () => {
    const { begun, submit, release } = open();
    submit('bulk', 1, 10);
    assert.equal(begun.length, 3);
    await release(0);
    assert.equal(begun.length, 4);
  });

  it('go to tenants in turn, and to the webhooks of a tenant in turn', async () => {
    const { webhooks, submit, release } = open();
    submit('bulk', 1, 6, 'one');
    submit('bulk', 2, 2, 'one');
    submit('bulk', 3, 2, 'another');
    for (let n = 0; n < 7; n++) await release(n);
    assert.deepEqual(webhooks(), [1, 1, 1, 1, 3, 2, 3, 1, 2, 1]);
  });

  it('go to interactive work immediately, whatever bulk work there is', () => {
    const { webhooks, submit } = open();
    submit('bulk', 1, 10);
    submit('interactive', 2, 2);
    assert.deepEqual(webhooks(), [1, 1, 1, 2, 2]);
  });

  it('are limited for interactive work too', () => {
    const { begun, submit } = open();
    for (let webhookId = 1; webhookId <= 10; webhookId++) submit('interactive', webhookId);
    assert.equal(begun.length, 7);
  });

  it('are about half as many for bulk work as for interactive work, when there is a lot of that', () => {
    const { webhooks, submit } = open();
    for (let webhookId = 2; webhookId <= 8; webhookId++) submit('interactive', webhookId);
    submit('bulk', 1, 10);
    assert.deepEqual(webhooks(), [2, 3, 4, 5, 6, 7, 8, 1, 1, 1]);
  });

  it('go to bulk work one at a time, with pauses, until a second after interactive work of others', async () => {
    const { begun, submit, release } = open();
    submit('interactive', 2);
    await release(0);
    submit('bulk', 1, 10);
    assert.equal(begun.length, 2);
    clock.tick(100);
    await release(1);
    assert.equal(begun.length, 2, 'a pause twice as long as the work took');
    clock.tick(199);
    assert.equal(begun.length, 2);
    clock.tick(1);
    assert.equal(begun.length, 3);
    clock.tick(701);
    await release(2);
    assert.equal(begun.length, 6, 'a second later bulk work is alone');
  });

  it('do not hold back bulk work for interactive work of the same webhook', async () => {
    const { begun, submit, release } = open();
    submit('interactive', 1);
    await release(0);
    submit('bulk', 1, 10);
    assert.equal(begun.length, 4);
  });

  it('do not go to work that is blocked or gone', () => {
    const { permits, begun, submit } = open();
    let isBlocked = true;
    const work = (isGone: boolean) => ({
      tenantId: 'tenant',
      key: webhookKey(1),
      begin: (permit: Permit) => begun.push({ tenantId: '', webhookId: 1, permit }),
      isBlocked: () => isBlocked,
      isGone: () => isGone,
    });
    permits.submit('bulk', work(true));
    assert.equal(permits.waiting('bulk'), 0);
    permits.submit('bulk', work(false));
    submit('bulk', 2);
    assert.equal(begun.length, 0);
    isBlocked = false;
    permits.serve();
    assert.equal(begun.length, 2);
  });

  it('go to interactive work as to slow work once its webhook is slow, after other bulk work', async () => {
    const { permits, webhooks, begun, submit, release } = open();
    submit('interactive', 1, 7);
    let isSlow = false;
    for (const webhookId of [2, 3])
      permits.submit('interactive', {
        tenantId: `of ${webhookId}`,
        key: webhookKey(webhookId),
        begin: (permit) => begun.push({ tenantId: '', webhookId, permit }),
        isSlow: () => webhookId === 2 && isSlow,
      });
    submit('bulk', 4, 4);
    isSlow = true;
    await release(0);
    assert.deepEqual(webhooks().slice(7), [4, 4, 4, 3], 'the one that became bulk work waits behind other bulk work');
    assert.deepEqual([permits.waiting('interactive'), permits.waiting('bulk')], [0, 2]);
  });

  it('go to bulk work three times as often as to that of slow webhooks, and never only to one of them', async () => {
    const { permits, webhooks, begun, submit, release } = open();
    submit('bulk', 9, 3);
    for (let n = 0; n < 20; n++)
      permits.submit('bulk', {
        tenantId: `slow ${n}`,
        key: webhookKey(1),
        begin: (permit) => begun.push({ tenantId: '', webhookId: 1, permit }),
        isSlow: () => true,
      });
    submit('bulk', 2, 9);
    for (let n = 0; n < 14; n++) await release(n);
    assert.deepEqual(webhooks().slice(3), [1, 2, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2, 1, 1]);
  });

  describe('that are acquired', () => {
    const acquire = (permits: Permits) => permits.acquire({ tenantId: 'tenant', webhookId: 1 });

    it('are waited for in turn, and `noneAcquiring` resolves when nothing waits', async () => {
      const { permits } = open();
      const { signal } = new AbortController();
      await permits.noneAcquiring(signal);
      const held = await Promise.all([1, 2, 3].map(() => acquire(permits)));
      const fourth = acquire(permits);
      let isFree = false;
      const free = permits.noneAcquiring(signal).then(() => (isFree = true));
      await soon();
      assert.equal(isFree, false);
      held[0]!.release();
      await Promise.all([fourth, free]);
    });

    it('come after at most three seconds', async () => {
      const { permits, submit, begun } = open();
      submit('bulk', 2, 3);
      const permit = acquire(permits);
      // The three are never released, and never report anything.
      for (const { permit: held } of begun) held.releaseSoon = () => undefined;
      let isHeld = false;
      void permit.then(() => (isHeld = true));
      clock.tick(1_999);
      await soon();
      assert.equal(isHeld, false);
      clock.tick(1_001);
      await permit;
    });

    it('are waited for only until the signal', async () => {
      const { permits } = open();
      for (let n = 0; n < 4; n++) void acquire(permits);
      const stop = new AbortController();
      const free = permits.noneAcquiring(stop.signal);
      stop.abort(new Error('enough'));
      await assert.rejects(free, { name: 'AbortError' });
      await assert.rejects(permits.noneAcquiring(stop.signal), /enough/);
    });
  });

  describe('that are expected', () => {
    it('are found by their delivery until they are released', async () => {
      const { permits } = open();
      const permit = new Permit();
      permits.expect('one', permit);
      assert.equal(permits.of('one'), permit);
      assert.equal(permits.of('another'), undefined);
      permit.release();
      await permit.released;
      assert.equal(permits.of('one'), undefined);
    });

    it('are told apart when a delivery is started twice', async () => {
      const { permits } = open();
      const [first, second] = [new Permit(), new Permit()];
      for (const permit of [first, second]) permits.expect('one', permit);
      first.release();
      await first.released;
      assert.equal(permits.of('one'), second);
      second.release();
    });
  });
});
