import assert from 'node:assert/strict';
import { remedy } from '../../../activities/deliveries/verify-webhook.js';
import type { Webhook } from '../../../src/client/api-types.js';
import { eventsInShort, stateOf } from '../../../portal/src/pages/webhooks/webhook-state.js';
import { shownWebhook } from './shown-webhook.js';

const at = '2026-11-27T12:00:00.000Z';
const failing = { state: 'failing' as const, since: at, consecutive_failures: 7, last_error: 'it answered 500' };

const state = (webhook: Partial<Webhook>) => stateOf(shownWebhook(webhook));

describe('the state of a webhook', () => {
  it('is healthy, and asks for a test while nothing was sent', () => {
    const fresh = state({});
    assert.deepEqual([fresh.label, fresh.says, fresh.since], ['Healthy', 'Nothing has been sent yet.', null]);
    assert.match(fresh.advice!, /Send a test event/);
    const busy = state({ last_success_at: at, total_deliveries: 3 });
    assert.deepEqual([busy.label, busy.advice, busy.since], ['Healthy', null, at]);
  });

  it('warns of failures before it is failing', () => {
    const one = state({ last_success_at: at, health: { ...failing, state: 'healthy', consecutive_failures: 1 } });
    assert.deepEqual([one.label, one.says], ['Healthy', 'The last delivery failed. it answered 500.']);
    assert.match(one.advice!, /Five failed deliveries/);
    const attempt = state({ last_success_at: at, health: { ...failing, state: 'healthy', consecutive_failures: 0 } });
    assert.equal(attempt.says, 'The last attempt failed. it answered 500.');
  });

  it('is failing with the number of failures, the reason and the time', () => {
    const many = state({ health: failing });
    assert.deepEqual(
      [many.label, many.says, many.since],
      ['Failing', 'The last 7 deliveries failed. it answered 500.', at],
    );
    assert.match(state({ health: { ...failing, consecutive_failures: 0 } }).says, /latest attempts have all failed/);
  });

  it('names first what keeps deliveries from being sent', () => {
    const pending = { status: 'pending' as const, verified_at: null, last_error: null };
    const paused = { enabled: false, health: failing, verification: pending };
    assert.equal(state({ health: failing, verification: pending }).label, 'Verification pending');
    assert.equal(state(paused).label, 'Paused');
    assert.equal(state({ ...paused, unreadable: ['secret'] }).label, 'Cannot be decrypted');
    const disabled = state({ ...paused, unreadable: ['secret'], disabled_reason: 'It is gone', disabled_at: at });
    assert.deepEqual([disabled.label, disabled.says, disabled.since], ['Disabled', 'It is gone.', at]);
  });

  it('does not promise a test of a receiver that is not verified', () => {
    const verification = { status: 'pending' as const, verified_at: null, last_error: null };
    for (const disabled of [{}, { disabled_reason: 'It is gone', disabled_at: at }]) {
      const stopped = { enabled: false, ...disabled };
      assert.match(state(stopped).advice!, /[Aa] test event/);
      assert.match(state({ ...stopped, verification }).advice!, /nothing is sent, not even a test event/);
    }
  });

  it('says how a verification goes, and what to do about what cannot be decrypted', () => {
    const pending = { status: 'pending' as const, verified_at: null };
    assert.match(state({ verification: { ...pending, last_error: null } }).says, /is being asked/);
    assert.equal(state({ verification: { ...pending, last_error: 'It answered 404' } }).says, 'It answered 404.');
    const error = `It answered 404. ${remedy(1)}`;
    assert.equal(state({ verification: { ...pending, last_error: error } }).says, 'It answered 404.', 'no API');
    assert.match(state({ unreadable: ['headers'] }).advice!, /enter the headers again/);
    assert.match(state({ unreadable: ['secret', 'headers'] }).advice!, /rotate the secret/);
  });
});

describe('event types in short', () => {
  it('names the first one and counts the others', () => {
    assert.equal(eventsInShort(['*']), 'All event types');
    assert.equal(eventsInShort(['call.dtmf']), 'call.dtmf');
    assert.equal(eventsInShort(['call.dtmf', 'sms.sent', 'sms.failed']), 'call.dtmf and 2 more');
  });
});
