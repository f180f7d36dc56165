import assert from 'node:assert/strict';
import { openAttempts, type Answer, type Attempts } from './attempt-fixture.js';
import { createRecovery, requeueBatch } from '../../../src/db/recoveries.js';
import { assertInvariants } from '../../support/invariants.js';

describe('a fallback url', function () {
  this.timeout(120_000);
  const fallbackUrl = 'https://b.example/';
  let attempts: Attempts;
  before(async () => void (attempts = await openAttempts()));
  after(() => attempts.close());

  async function newDelivery(settings: Parameters<Attempts['newWebhook']>[0] = {}) {
    const webhookId = await attempts.newWebhook({ maxRetries: 1, fallbackUrl, ...settings });
    return { webhookId, id: await attempts.trigger(webhookId) };
  }

  /** Sends it with these answers, each when it is due; the waits between them in whole seconds. */
  async function answers(id: string, ...given: Answer[]): Promise<number[]> {
    const waits: number[] = [];
    for (const answer of given) {
      await attempts.pass(waits.at(-1) ?? 0, id);
      waits.push(Math.ceil((await attempts.attempt(id, answer)).waitMs / 1000));
    }
    await attempts.pass(waits.at(-1) ?? 0, id);
    return waits;
  }

  const targetsOf = async (id: string) => (await attempts.read(id)).targets!.map((target) => target[0]).join('');
  const statusOf = async (id: string) => (await attempts.read(id)).status;

  it('gets three attempts, at once, after 1 s and after 2 s, when all at the url have failed', async () => {
    const { id, webhookId } = await newDelivery({ maxRetries: 2 });
    assert.deepEqual(await answers(id, 500, 500, 500), [1, 2, 0]);
    const first = await attempts.attempt(id, 500);
    assert.deepEqual([first.target, first.url, first.number], ['fallback', fallbackUrl, 4]);
    assert.equal(Math.ceil(first.waitMs / 1000), 1);
    assert.equal((await attempts.take(id)).answer, 'wait', 'not before its second');
    await attempts.pass(1, id);
    assert.deepEqual(await answers(id, 500), [2]);
    assert.equal(await statusOf(id), 'pending');
    await attempts.attempt(id, 500);
    assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'pppfff']);
    await assertInvariants(attempts.database.pool, webhookId);
  });

  it('ends the delivery with its success, and gets nothing while the url works', async () => {
    const { id, webhookId } = await newDelivery();
    await answers(id, 500, 500, 500, 200);
    assert.deepEqual([await statusOf(id), await targetsOf(id)], ['delivered', 'ppff']);
    const second = await attempts.trigger(webhookId);
    await answers(second, 500, 200);
    assert.deepEqual([await statusOf(second), await targetsOf(second)], ['delivered', 'pp']);
  });

  it('is planned with the attempts that are left in all, and with its own schedule', async () => {
    const { id } = await newDelivery();
    assert.equal((await attempts.plan(id)).attemptsLeft, 5);
    await answers(id, 500, 500, 500);
    const { attemptsLeft, attemptsUsed, retrySchedule, url, waitsFor } = await attempts.plan(id);
    assert.deepEqual(
      [attemptsLeft, attemptsUsed, retrySchedule, url, waitsFor],
      [2, 1, [1, 2], fallbackUrl, 'backoff'],
    );
  });

  it('gets the delivery at once when the address of the url is blocked', async () => {
    const { id } = await newDelivery({ maxRetries: 5 });
    assert.deepEqual(await answers(id, 'blocked', 500), [0, 1]);
    assert.equal(await targetsOf(id), 'pf');
  });

  it('field case 14: gets nothing after a 410 of the url, even the last one, which disables the webhook', async () => {
    const { id } = await newDelivery({ maxRetries: 0 });
    const attempt = await attempts.takeToSend(id);
    const { status, newHealth } = await attempts.record(id, attempt, 410);
    assert.deepEqual([status, newHealth, await targetsOf(id)], ['failed', 'disabled', 'p']);
  });

  for (const answer of [410, 'blocked'] as const)
    it(`ends the delivery when it answers ${answer}, and does not disable the webhook`, async () => {
      const { id } = await newDelivery();
      await answers(id, 500, 500);
      const { status, newHealth } = await attempts.record(id, await attempts.takeToSend(id), answer);
      assert.deepEqual([status, newHealth, await targetsOf(id)], ['failed', null, 'ppf']);
    });

  it('is asked again, and uses up none of its three attempts, when a reused connection broke', async () => {
    const { id } = await newDelivery();
    const broken = 'reused connection broke';
    assert.deepEqual(await answers(id, 500, 500, broken, broken, 500, broken, broken), [1, 0, 0, 0, 1, 0, 2]);
    await attempts.attempt(id, 500);
    assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'ppffffff']);
  });

  it('counts each request once when the worker of one is lost', async () => {
    const { id } = await newDelivery();
    await answers(id, 500, 500);
    await attempts.takeToSend(id);
    await attempts.pass(60, id);
    await answers(id, 500, 500, 500);
    assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'ppfff']);
  });

  describe('when settings change while a delivery is on its way', () => {
    it('gets the delivery at its next attempt when a lower max_retries has used up the schedule', async () => {
      const { id, webhookId } = await newDelivery({ maxRetries: 5 });
      await answers(id, 500, 500, 500);
      await attempts.change(webhookId, { maxRetries: 1 });
      await attempts.settle(webhookId);
      assert.equal((await attempts.take(id)).answer, 'replan');
      assert.equal((await attempts.plan(id)).attemptsLeft, 3);
      await answers(id, 500, 500, 500);
      assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'pppfff']);
    });

    it('still gets all three attempts when max_retries is lowered while a request is open', async () => {
      const { id, webhookId } = await newDelivery({ maxRetries: 9 });
      await answers(id, 500, 500, 500, 500, 500, 500);
      const open = await attempts.takeToSend(id);
      await attempts.change(webhookId, { maxRetries: 0 });
      assert.ok((await attempts.plan(id)).attemptsLeft > 0);
      assert.equal((await attempts.record(id, open, 500)).waitMs, 0);
      await answers(id, 500, 500, 500);
      assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'pppppppfff']);
    });

    it('keeps the delivery when max_retries is raised', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500, 500);
      await attempts.change(webhookId, { maxRetries: 9 });
      await attempts.settle(webhookId);
      await answers(id, 500, 500);
      assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'ppfff']);
    });

    it('gets what was not at its end yet when it is set', async () => {
      const { id, webhookId } = await newDelivery({ fallbackUrl: null });
      await answers(id, 500);
      await attempts.change(webhookId, { fallbackUrl });
      await answers(id, 500, 200);
      assert.equal(await targetsOf(id), 'ppf');
    });

    it('ends what it had when it is removed, also at the end of an open request', async () => {
      const { id, webhookId } = await newDelivery();
      const [blocked, open] = [await attempts.trigger(webhookId), await attempts.trigger(webhookId)];
      await answers(id, 500, 500, 500);
      await answers(blocked, 'blocked', 500);
      await answers(open, 500, 500);
      const attempt = await attempts.takeToSend(open);
      await attempts.change(webhookId, { fallbackUrl: null });
      await attempts.settle(webhookId);
      assert.deepEqual(
        [await statusOf(id), await statusOf(blocked), await statusOf(open)],
        ['failed', 'failed', 'pending'],
      );
      assert.equal((await attempts.record(open, attempt, 500)).status, 'failed');
      await assertInvariants(attempts.database.pool, webhookId);
    });

    it('gets the rest of the attempts when it is another one', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500, 500);
      await attempts.change(webhookId, { fallbackUrl: 'https://c.example/' });
      assert.equal((await attempts.attempt(id, 500)).url, 'https://c.example/');
      await attempts.pass(2, id);
      await answers(id, 500);
      assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'ppfff']);
    });

    it('has a 410 count only for the url that gave it', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500);
      const attempt = await attempts.takeToSend(id);
      await attempts.change(webhookId, { fallbackUrl: 'https://c.example/' });
      assert.equal((await attempts.record(id, attempt, 410)).status, 'pending');
    });

    it('gets a delivery that was held only after its new schedule at the url', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500, 500);
      for (const enabled of [false, true]) {
        await attempts.change(webhookId, { enabled });
        await attempts.settle(webhookId);
      }
      await answers(id, 500, 500, 500, 200);
      assert.equal(await targetsOf(id), 'ppfppff');
    });
  });

  describe('after a retry by hand', () => {
    it('gets the delivery only after a new schedule at the url, even if it had it', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500, 500);
      await attempts.retry(webhookId, id);
      await answers(id, 500, 500, 500, 500, 500);
      assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'ppfppfff']);
      await attempts.retry(webhookId, id);
      await answers(id, 500, 500, 200);
      assert.equal(await targetsOf(id), 'ppfppfffppf');
    });

    it('that came while a request to it was open, as well', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500);
      const open = await attempts.takeToSend(id);
      await attempts.retry(webhookId, id);
      assert.equal((await attempts.record(id, open, 500)).waitMs, 0);
      await answers(id, 500, 500, 500);
      assert.equal(await targetsOf(id), 'ppfppf');
    });

    it('and after a recovery', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500, 500, 500, 500);
      const { tenantId, db } = attempts;
      const request = { webhookId, tenantId, eventTypes: null, since: null, until: null, includeMissing: false };
      const { id: recovery } = await db.transaction((tx) => createRecovery(tx, { ...request, statuses: ['failed'] }));
      assert.equal((await requeueBatch(db, recovery, { limit: 10, ahead: 10 }))?.length, 1);
      await answers(id, 500, 500, 200);
      assert.equal(await targetsOf(id), 'ppfffppf');
    });
  });

  describe('when a record comes late', () => {
    it('of a request to the url, has all its three attempts left', async () => {
      const { id, webhookId } = await newDelivery({ maxRetries: 5 });
      await answers(id, 500, 500);
      const late = await attempts.takeToSend(id);
      await attempts.pass(60, id);
      await attempts.change(webhookId, { maxRetries: 0 });
      await attempts.plan(id);
      const { due_at: dueAt } = await attempts.read(id);
      await attempts.record(id, late, 500);
      assert.deepEqual((await attempts.read(id)).due_at, dueAt);
      await answers(id, 500, 500, 500);
      assert.deepEqual([await statusOf(id), await targetsOf(id)], ['failed', 'pppfff']);
    });

    it('of a request to it, leaves the new schedule at the url as it is', async () => {
      const { id, webhookId } = await newDelivery();
      await answers(id, 500, 500);
      const late = await attempts.takeToSend(id);
      await attempts.pass(60, id);
      await attempts.retry(webhookId, id);
      await attempts.record(id, late, 410);
      await answers(id, 500, 500, 200);
      assert.equal(await targetsOf(id), 'ppfppf');
    });

    it('of a success at the url, is not asked any more', async () => {
      const { id, webhookId } = await newDelivery({ maxRetries: 5 });
      await answers(id, 500);
      const late = await attempts.takeToSend(id);
      await attempts.pass(60, id);
      await attempts.change(webhookId, { maxRetries: 0 });
      await attempts.plan(id);
      assert.equal((await attempts.record(id, late, 200)).status, 'delivered');
    });
  });
});
