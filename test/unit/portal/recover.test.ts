import assert from 'node:assert/strict';
import { progressOf } from '../../../portal/src/pages/recover/progress.js';
import {
  choiceOf,
  fastestMs,
  recoverable,
  requestOf,
  totalWords,
} from '../../../portal/src/pages/recover/recovery-request.js';
import { recoverableStatuses } from '../../../src/db/recoveries.js';

const choice = (query: string) => choiceOf(new URLSearchParams(query));

describe('portal: recover', () => {
  it('offers every status that can be recovered', () => {
    assert.deepEqual(recoverable.map(({ status }) => status).sort(), [...recoverableStatuses].sort());
  });

  it('begins with what failed', () => {
    assert.deepEqual(requestOf(choice('webhook=3')), { statuses: ['failed'], include_missing: false });
  });

  it('takes everything from the url', () => {
    const since = '2025-10-29T06:00:00.000Z';
    const until = '2025-10-29T12:00:00.000Z';
    const query = `statuses=expired,failed,nonsense&event_types=call.dtmf,sms.sent&include_missing=true&since=${since}&until=${until}`;
    assert.deepEqual(requestOf(choice(query)), {
      statuses: ['failed', 'expired'],
      event_types: ['call.dtmf', 'sms.sent'],
      include_missing: true,
      since,
      until,
    });
    assert.deepEqual(requestOf(choice('statuses=&include_missing=true')).statuses, []);
  });

  it('says how many there are', () => {
    assert.equal(totalWords(1, true), '1 delivery');
    assert.equal(totalWords(1800, true), '1,800 deliveries');
    assert.equal(totalWords(300_000, false), 'at least 300,000 deliveries');
  });

  it('and how long the rate limit makes that take', () => {
    const limits = { rate_limit_per_minute: 60, rate_limit_per_hour: 1_000 };
    assert.equal(fastestMs(60, limits), null);
    assert.equal(fastestMs(61, limits), 60_000);
    assert.equal(fastestMs(1_800, limits), 60 * 60_000);
    assert.equal(fastestMs(600, { rate_limit_per_minute: 60, rate_limit_per_hour: null }), 9 * 60_000);
    assert.equal(fastestMs(1_000_000, { rate_limit_per_minute: null, rate_limit_per_hour: null }), null);
  });

  it('shows what of it waits, is on its way, and has ended', () => {
    assert.deepEqual(progressOf({ total: 10, requeued: 6, delivered: 2, failed: 1 }), {
      waiting: 4,
      onTheirWay: 3,
      ended: 3,
    });
    // More than could be counted.
    assert.equal(progressOf({ total: 10, requeued: 12, delivered: 12, failed: 0 }).waiting, 0);
  });
});
