import assert from 'node:assert/strict';
import { remedy } from '../../../activities/deliveries/verify-webhook.js';
import { explainDelivery, type Situation } from '../../../portal/src/pages/delivery/explain-delivery.js';
import { attempt, delivery, unsent, webhook } from './deliveries.js';

const now = new Date('2025-10-29T12:00:10.000Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1_000).toISOString();
const explain = (parts: Partial<Situation> & Pick<Situation, 'delivery'>) =>
  explainDelivery({ webhook: webhook(), lastAttempt: undefined, now, ...parts });

describe('portal: a delivery in one sentence', () => {
  it('delivered: what the receiver answered, and when', () => {
    const done = delivery({
      status: 'delivered',
      status_code: 204,
      duration_ms: 85,
      error: null,
      attempt_count: 3,
      finished_at: '2025-10-29T12:00:03.500Z',
    });
    const { tone, title, reason } = explain({ delivery: done });
    assert.equal(tone, 'good');
    assert.equal(title, 'Delivered: the receiver answered 204 No Content after 85 ms.');
    assert.equal(reason, 'At attempt 3, as those before it failed, 3.5 s after the event was accepted.');
    assert.match(
      explain({ delivery: done, lastAttempt: attempt({ target: 'fallback' }) }).title,
      /^Delivered: the fallback url answered/,
    );
  });

  it('failed: the last failure, and how to send it again', () => {
    const { title, next, links } = explain({ delivery: delivery() });
    assert.equal(title, 'Not delivered: the receiver answered 503 Service Unavailable; given up after 2 attempts.');
    assert.match(next!, /Then retry, or recover all that failed\.$/);
    assert.deepEqual(links, [{ text: 'Recover what failed', to: 'recover?webhook=3&statuses=failed' }]);
  });

  it('failed for a setting: leads to the settings', () => {
    const blocked = delivery({ error: { class: 'blocked_address', message: 'destination not allowed' } });
    assert.equal(explain({ delivery: blocked }).links[0]?.to, 'webhooks/3/settings');
  });

  it('failed, of a deleted webhook: offers nothing that would be refused', () => {
    const { next, links } = explain({ delivery: delivery(), webhook: 'deleted' });
    assert.doesNotMatch(next!, /retry/i);
    assert.deepEqual(links, []);
  });

  it('failed without a failure: the settings were changed', () => {
    assert.match(explain({ delivery: delivery({ error: null }) }).reason!, /number of retries was lowered/);
  });

  it('pending: a request is open', () => {
    const open = unsent({ in_flight: true, attempt_started_at: '2025-10-29T12:00:08.000Z' });
    const { title, next } = explain({ delivery: open });
    assert.equal(title, 'On its way: a request is open.');
    assert.match(next!, /It began 2 sec\. ago; the receiver has 10 s to answer\./);
  });

  it('pending: waits for its next attempt', () => {
    const waits = delivery({ status: 'pending', next_attempt_at: later(4) });
    const last = attempt({ started_at: '2025-10-29T12:00:09.000Z' });
    const { tone, title, reason, links } = explain({ delivery: waits, lastAttempt: last });
    assert.equal(tone, 'warn');
    assert.match(title, /^Waits for its next attempt, at \d\d:\d\d:\d\d \(in 4 sec\.\)\.$/);
    assert.match(reason!, /^Attempt 2 failed: the receiver answered 503/);
    assert.doesNotMatch(reason!, /rate limit/);
    assert.deepEqual(links, []);
  });

  it('pending: as the receiver asked for with Retry-After', () => {
    const waits = delivery({ status: 'pending', next_attempt_at: later(600) });
    const last = attempt({ started_at: '2025-10-29T12:00:09.000Z', response_headers: { 'retry-after': '600' } });
    const { reason } = explain({ delivery: waits, lastAttempt: last });
    assert.match(reason!, /The receiver asked for that with Retry-After: 600\./);
    assert.doesNotMatch(reason!, /rate limit/);
  });

  it('pending: waits for the rate limit, before the first attempt and between attempts', () => {
    const first = explain({ delivery: unsent({ next_attempt_at: later(30) }) });
    assert.match(first.title, /^Waits for the rate limit/);
    assert.equal(first.links[0]?.to, 'webhooks/3/settings');
    const waits = delivery({ status: 'pending', next_attempt_at: later(60) });
    const last = attempt({ started_at: '2025-10-29T12:00:09.000Z' });
    assert.match(explain({ delivery: waits, lastAttempt: last }).reason!, /rate limit/);
  });

  it('pending: waits for its turn behind an earlier event', () => {
    const waits = unsent({ ordering_key: 'call A', sequence: 3 });
    const ordered = explain({ delivery: waits, webhook: webhook({ ordering: 'key' }) });
    assert.match(ordered.title, /^Waits for its turn/);
    assert.match(ordered.reason!, /call A\. This is number 3\./);
    assert.equal(ordered.links[0]?.to, 'events?ordering_key=call%20A');
    assert.match(explain({ delivery: waits }).title, /sent in a moment/);
  });

  it('pending: waits for a batch', () => {
    const batched = webhook({ batch: { max_events: 10, max_wait_seconds: 5 } });
    const waits = unsent({ next_attempt_at: later(5) });
    assert.match(explain({ delivery: waits, webhook: batched }).title, /^Waits for a batch, which leaves at/);
    const formed = { ...waits, batch_id: '0199f2b4-7b12-7f01-8c4d-000000000000' };
    assert.match(explain({ delivery: formed, webhook: batched }).title, /^Waits for the rate limit/);
  });

  it('pending: is due', () => {
    assert.match(explain({ delivery: unsent({ next_attempt_at: later(-1) }) }).title, /^Due/);
  });

  it('held: not verified, disabled, paused, or just enabled', () => {
    const held = unsent({ status: 'held' });
    const title = (parts: Parameters<typeof webhook>[0]) => explain({ delivery: held, webhook: webhook(parts) }).title;
    const verification = { status: 'pending', verified_at: null, last_error: 'url: 401' } as const;
    assert.match(title({ verification }), /not verified/);
    const asked = { ...verification, last_error: `url: 401. ${remedy(3)}` };
    assert.equal(explain({ delivery: held, webhook: webhook({ verification: asked }) }).reason, 'url: 401.');
    assert.match(
      title({ enabled: false, disabled_reason: 'The receiver answered 410 Gone.' }),
      /disabled by the service/,
    );
    assert.match(title({ enabled: false }), /paused/);
    assert.match(title({}), /goes on in a moment/);
    assert.match(explain({ delivery: held, webhook: undefined }).title, /takes nothing now/);
    const reason = explain({ delivery: held, webhook: webhook({ enabled: false, disabled_reason: 'Gone.' }) }).reason;
    assert.equal(reason, 'Gone.');
  });

  it('expired: by its own time, or by that of the history', () => {
    const own = explain({ delivery: delivery({ status: 'expired', expires_at: later(-5) }) });
    assert.match(own.title, /^Expired: it was of use until/);
    assert.match(own.reason!, /In 2 attempts, the last time the receiver answered 503/);
    assert.match(explain({ delivery: unsent({ status: 'expired' }) }).title, /for which deliveries are kept/);
  });

  it('cancelled: erased, its webhook deleted, or ended by an operator', () => {
    const cancelled = unsent({ status: 'cancelled' });
    const erased = { ...cancelled, expunged_at: later(-3_600) };
    assert.match(explain({ delivery: erased, webhook: 'deleted' }).title, /content was erased 1 hr\. ago/);
    assert.match(explain({ delivery: cancelled, webhook: 'deleted' }).title, /webhook was deleted/);
    assert.match(explain({ delivery: cancelled }).reason!, /operator/);
  });
});
