import assert from 'node:assert/strict';
import { acceptEventId } from '../../../src/source/temporal-source.js';

describe('the workflow id of an accepted event', () => {
  const eventType = 'call.completed';

  it('names tenant, event type and event id', () => {
    assert.equal(acceptEventId({ tenantId: '42', eventType, eventId: 'a/b' }), 'accept/42/call.completed/a/b');
  });

  it('differs for every other event', () => {
    const one = acceptEventId({ tenantId: '42/call.completed', eventType, eventId: 'x' });
    const other = acceptEventId({ tenantId: '42', eventType, eventId: 'call.completed/x' });
    assert.notEqual(one, other);
  });

  it("stays within Temporal's limit, and is stable", () => {
    const long = { tenantId: 'ü'.repeat(255), eventType, eventId: '漢'.repeat(255) } as const;
    assert.match(acceptEventId(long), /^accept\/[0-9a-f]{64}$/);
    assert.equal(acceptEventId(long), acceptEventId({ ...long }));
    assert.notEqual(acceptEventId(long), acceptEventId({ ...long, eventId: '字'.repeat(255) }));
  });
});
