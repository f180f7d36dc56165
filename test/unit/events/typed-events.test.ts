import assert from 'node:assert/strict';
import type { TriggeredEvent } from '../../../src/events/trigger.js';
import type { SourceEvent } from '../../../src/source/webhook-source.js';

/** The compiler checks these tests: `@ts-expect-error` fails the build if the next line compiles. */
describe('a typed event', () => {
  const key = { tenantId: '42', eventId: 'call-1' };
  const dtmf = { call_sid: 'call-1', digit: '5', timestamp: '2025-10-29T12:00:00Z' };

  it('accepts a payload that fits, times as Date too, and unknown fields', () => {
    const events: (TriggeredEvent & SourceEvent)[] = [
      { ...key, eventType: 'call.dtmf', payload: dtmf },
      { ...key, eventType: 'call.dtmf', payload: { ...dtmf, timestamp: new Date(), more: [1] } },
    ];
    assert.equal(events.length, 2);
  });

  it('does not compile with a payload that does not fit its type', () => {
    const events: SourceEvent[] = [
      // @ts-expect-error another type's payload
      { ...key, eventType: 'call.answered', payload: dtmf },
      // @ts-expect-error a field is missing
      { ...key, eventType: 'call.dtmf', payload: { call_sid: 'call-1', digit: '5' } },
      // @ts-expect-error a number where a text is expected
      { ...key, eventType: 'call.dtmf', payload: { ...dtmf, digit: 5 } },
      // @ts-expect-error a Date where no time is expected
      { ...key, eventType: 'call.dtmf', payload: { ...dtmf, digit: new Date() } },
      // @ts-expect-error not in the catalogue
      { ...key, eventType: 'call.exploded', payload: dtmf },
    ];
    const inProcess: TriggeredEvent[] = [
      // @ts-expect-error another type's payload
      { ...key, eventType: 'call.answered', payload: dtmf },
    ];
    assert.equal(events.length + inProcess.length, 6);
  });
});
