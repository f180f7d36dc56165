import assert from 'node:assert/strict';
import fc from 'fast-check';
import { renderBody } from '../../../src/delivery/body.js';

describe('renderBody', () => {
  const input = { eventType: 'sms.received', eventId: 'SM0001', timestamp: '2025-10-29T12:00:00.000Z' };

  it('renders the four keys in the order of the contract', () => {
    assert.equal(
      renderBody({ ...input, data: { body: 'Zażółć 😀 </b> a/b', n: 1 } }),
      '{"event":"sms.received","event_id":"SM0001","timestamp":"2025-10-29T12:00:00.000Z",' +
        '"data":{"body":"Zażółć 😀 </b> a/b","n":1}}',
    );
  });

  it('field case 57: keeps NUL as an escape, and the six literal characters of that escape unchanged', () => {
    const body = renderBody({ ...input, data: { nul: 'a\0b', literal: 'a\\u0000b' } });
    assert.ok(body.endsWith('"data":{"nul":"a\\u0000b","literal":"a\\\\u0000b"}}'), body);
    assert.ok(!body.includes('\0'));
  });

  it('gives text that does not change when parsed and rendered again, as the guide’s receivers do', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (data) => {
        const body = renderBody({ ...input, data });
        assert.equal(JSON.stringify(JSON.parse(body)), body);
      }),
    );
  });
});
