import assert from 'node:assert/strict';
import { choiceOf, requestOf } from '../../../portal/src/pages/recover/recovery-request.js';
import { missedBy, recoverLink } from '../../../portal/src/pages/events/missed.js';
import type { Delivery, Webhook } from '../../../src/client/api-types.js';

const at = (hour: number) => `2026-03-02T${String(hour).padStart(2, '0')}:00:00.000Z`;
const event = { event_type: 'call.dtmf', created_at: at(12), body: null as string | null, deliveries: [] };
const webhook = (changes: Partial<Webhook>) =>
  ({ id: 1, events: ['*'], filter: null, created_at: at(1), updated_at: at(1), ...changes }) as Webhook;
const reasonOf = (changes: Partial<Webhook>, of = event) => missedBy(of, [webhook(changes)]).subscribed[0]!.reason;

describe('why a webhook has no delivery of an event', () => {
  it('is not asked of webhooks that have one', () => {
    const deliveries = [{ webhook_id: 1 } as Delivery];
    assert.deepEqual(missedBy({ ...event, deliveries }, [webhook({})]), { subscribed: [], others: [] });
  });

  it('is that it does not subscribe to the type', () => {
    const other = webhook({ events: ['call.completed'] });
    assert.deepEqual(missedBy(event, [other]), { subscribed: [], others: [other] });
  });

  it('is that it was created later, whatever filter it has', () => {
    const later = { created_at: at(13), updated_at: at(13), filter: { 'data.digit': '5' } };
    assert.match(reasonOf(later), /created after this event/);
    assert.equal(missedBy(event, [webhook(later)]).subscribed[0]!.hasFilter, false);
  });

  it('is its filter, for certain only if nothing was changed since', () => {
    const filter = { 'data.digit': '5' };
    assert.equal(reasonOf({ filter }), 'Its filter did not let the event pass.');
    assert.match(reasonOf({ filter, updated_at: at(13) }), /or it was changed since then/);
    assert.equal(missedBy(event, [webhook({ filter })]).subscribed[0]!.hasFilter, true);
  });

  it('is that its settings were changed since then', () => {
    assert.match(reasonOf({ updated_at: at(13) }), /did not subscribe to this type at that time/);
    assert.match(reasonOf({}), /should have got it/);
  });

  it('is that the event is about the webhook itself', () => {
    const body = JSON.stringify({ event: 'webhook.failing', data: { webhook_id: 1 } });
    assert.match(reasonOf({}, { ...event, event_type: 'webhook.failing', body }), /only others are told/);
  });

  it('has a remedy: a recovery of that one event', () => {
    const [path, query] = recoverLink(event, 7).split('?');
    const choice = choiceOf(new URLSearchParams(query));
    assert.deepEqual([path, choice.webhook], ['recover', '7']);
    assert.deepEqual(requestOf(choice), {
      statuses: [],
      event_types: ['call.dtmf'],
      since: '2026-03-02T12:00:00.000Z',
      until: '2026-03-02T12:00:00.001Z',
      include_missing: true,
    });
  });
});
