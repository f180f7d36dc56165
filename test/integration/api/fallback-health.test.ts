import assert from 'node:assert/strict';
import type { Database } from '../../../src/db/database.js';
import { assertInvariants } from '../../support/invariants.js';
import { recordAnswer, startApi, type Api } from './fixture.js';
import { createJudgedWebhook, openHealthDatabase, type JudgedWebhook } from './health-fixture.js';

describe('the health of a webhook with a fallback url', () => {
  let api: Api;
  let db: Database;
  let hook: JudgedWebhook;
  before(async () => {
    api = await startApi();
    db = openHealthDatabase(api);
  });
  beforeEach(async () => {
    hook = await createJudgedWebhook(api, db);
    await hook.patch({ fallback_url: 'https://standby.example.com/' });
  });
  after(async () => {
    await db.close();
    await api.close();
  });

  /** All attempts at the url fail, then so do those at the fallback, or it takes the delivery. */
  const fallBack = async (isTaken: boolean) => {
    const delivery = await hook.newDelivery();
    await hook.fail(delivery);
    const answer = isTaken
      ? ({ statusCode: 200, verdict: 'delivered', target: 'fallback' } as const)
      : ({ statusCode: 504, verdict: 'retry', target: 'fallback' } as const);
    for (let i = 0; i < (isTaken ? 1 : 3); i++) await recordAnswer(api, delivery, answer);
  };

  it('is failing when the url failed five deliveries in a row, even if the fallback took them', async () => {
    for (let i = 0; i < 4; i++) await fallBack(i % 2 === 0);
    assert.deepEqual([(await hook.health()).state, (await hook.health()).consecutive_failures], ['healthy', 4]);
    await fallBack(true);
    const { state, consecutive_failures: failures, last_error: error } = await hook.health();
    assert.deepEqual([state, failures, error], ['failing', 5, 'the receiver answered 503']);
    const { failed_deliveries: failed, successful_deliveries: delivered } = await hook.read();
    assert.deepEqual([failed, delivered], [2, 3]);
    await hook.succeed();
    assert.deepEqual([(await hook.health()).state, (await hook.health()).consecutive_failures], ['healthy', 0]);
    await assertInvariants(api.pool, hook.id);
  });

  it('is not disabled by disable_after_hours as long as the fallback works, and is once it does not', async () => {
    await hook.patch({ disable_after_hours: 1 });
    for (let i = 0; i < 25; i++) await fallBack(true);
    await hook.minutesPass(120);
    await fallBack(true);
    await fallBack(false);
    await hook.minutesPass(59);
    await fallBack(false);
    assert.deepEqual([(await hook.health()).state, (await hook.read()).enabled], ['failing', true]);
    await hook.minutesPass(2);
    await fallBack(false);
    assert.deepEqual([(await hook.health()).state, (await hook.read()).enabled], ['disabled', false]);
  });

  it('is failing when all attempts of ten minutes at the url failed, whatever the fallback did, and there were ten', async () => {
    await hook.patch({ max_retries: 2 });
    for (let i = 0; i < 4; i++) {
      const delivery = await hook.newDelivery();
      for (let attempt = 0; attempt < 3; attempt++) {
        assert.equal((await hook.health()).state, 3 * i + attempt < 10 ? 'healthy' : 'failing');
        await hook.fail(delivery);
      }
      await recordAnswer(api, delivery, { statusCode: 200, verdict: 'delivered', target: 'fallback' });
    }
    const { last_success_at: at, successful_deliveries: delivered } = await hook.read();
    assert.equal(delivered, 4);
    assert.notEqual(at, null);
  });
});
