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
      found.map(({ webhookId, state }) => `${webhookId} ${state}`),
      ['4 Failing', '2 Failing', '3 Not verified', '1 Paused'],
    );
  });

  it('says why a webhook fails, and shows its failures', () => {
    const [found] = of(failing(5));
    assert.equal(found!.reason, 'The last 6 deliveries failed. Host name not found.');
    assert.equal(found!.action.to, 'deliveries?webhook=1&status=failed');
  });

  it('says why the service disabled one, not that it was failing before', () => {
    const [found] = of({ ...failing(5), enabled: false, disabled_at: at(8), disabled_reason: 'It answered 410 Gone.' });
    assert.equal(found!.state, 'Disabled');
    assert.equal(found!.since, at(8));
    assert.match(found!.reason, /It answered 410 Gone\. Its deliveries are held/);
  });

  it('names the unreadable secret before all else, as nothing can be sent', () => {
    const [found] = of({ ...failing(5), unreadable: ['secret', 'headers'] });
    assert.match(found!.reason, /cannot decrypt its signing secret.*replace the secret/);
    assert.match(of({ unreadable: ['headers'] })[0]!.reason, /custom headers.*set the headers anew/);
  });
});
