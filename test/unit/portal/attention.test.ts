import assert from 'node:assert/strict';
import { attentionOf } from '../../../portal/src/pages/overview/attention-of.js';
import type { Webhook } from '../../../src/client/api-types.js';

const at = (hour: number) => `2026-03-02T${String(hour).padStart(2, '0')}:00:00.000Z`;
const healthy = {
  id: 1,
  unreadable: [],
  enabled: true,
  disabled_at: null,
  disabled_reason: null,
  verification: { status: 'none', verified_at: null, last_error: null },
  health: { state: 'healthy', since: at(1), consecutive_failures: 0, last_error: null },
  updated_at: at(2),
} as unknown as Webhook;
const failing = (hour: number, failures = 6): Partial<Webhook> => ({
  health: { state: 'failing', since: at(hour), consecutive_failures: failures, last_error: 'host name not found' },
});
const of = (...changes: Partial<Webhook>[]) =>
  attentionOf(changes.map((change, index) => ({ ...healthy, id: index + 1, ...change })));

describe('what needs attention', () => {
  it('is nothing while all webhooks are healthy', () => {
    assert.deepEqual(of({}, {}), []);
  });

  it('has the worst first, and of these the ones that are so for longest', () => {
    const found = of(
      { enabled: false },
      failing(9),
      { verification: { status: 'pending', verified_at: null, last_error: 'no answer' } },
      failing(5),
      {},
    );
    assert.deepEqual(
      found.map(({ webhook, state }) => `${webhook.id} ${state.label}`),
      ['4 Failing', '2 Failing', '3 Verification pending', '1 Paused'],
    );
  });

  it('leads to where something can be done', () => {
    const target = (change: Partial<Webhook>) => of(change)[0]!.action.to;
    assert.equal(target(failing(5)), 'deliveries?webhook=1&status=failed');
    assert.equal(target({ unreadable: ['headers'] }), 'webhooks/1/settings');
    assert.equal(target({ enabled: false }), 'webhooks/1');
  });

  it('dates a webhook that the service disabled from then, not from its first failure', () => {
    const [found] = of({ ...failing(5), enabled: false, disabled_at: at(8), disabled_reason: 'It answered 410 Gone.' });
    assert.equal(found!.state.label, 'Disabled');
    assert.equal(found!.since, at(8));
  });
});
