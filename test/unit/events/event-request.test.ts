import assert from 'node:assert/strict';
import { InvalidInputError } from '../../../src/errors.js';
import { readEventRequest } from '../../../src/events/event-request.js';

const event = { tenant_id: 't', event_type: 'call.dtmf', event_id: 'e', payload: { digit: '5' } };
const read = (value: unknown) =>
  readEventRequest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

describe('an event in JSON', () => {
  it('has the form of POST /v1/events', () => {
    const expected = { tenant: 't', eventType: 'call.dtmf', eventId: 'e', payload: { digit: '5' } };
    assert.deepEqual(read(event), { ...expected, occurredAt: undefined });
    const { tenant_id: tenant, ...others } = event;
    const full = { ...others, tenant_external_id: tenant, occurred_at: '2025-10-29T14:00:00+02:00' };
    assert.deepEqual(read(full), { ...expected, occurredAt: new Date('2025-10-29T12:00:00Z') });
  });

  const secret = '+15551234567';
  const wrong: [what: string, value: unknown, message: RegExp][] = [
    ['text that is no JSON', `${secret}`.slice(1).concat('"'), /not valid JSON/],
    ['another value', secret, /not valid JSON|form of POST/],
    ['no tenant', { ...event, tenant_id: undefined }, /form/],
    ['two tenants', { ...event, tenant_external_id: secret }, /form/],
    ['a payload that is no object', { ...event, payload: secret }, /form/],
    ['a field that is not known', { ...event, [secret]: 1 }, /form/],
    ['a time that is none', { ...event, occurred_at: secret }, /form/],
    ['a field that comes twice', `{"${secret}":1,"${secret}":2}`, /twice/],
    ['a number that would change', JSON.stringify(event).replace('"5"', '15551234567000000001'), /numbers/],
  ];
  for (const [what, value, message] of wrong)
    it(`is refused for ${what}, without showing it`, () => {
      assert.throws(
        () => read(value),
        (error: unknown) => {
          assert.ok(error instanceof InvalidInputError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message + JSON.stringify(error.errors), /15551234567/);
          return true;
        },
      );
    });
});
