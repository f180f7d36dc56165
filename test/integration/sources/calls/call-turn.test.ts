import assert from 'node:assert/strict';
import { storeCallEvents } from '../../../../src/db/call-events.js';
import type { CallEventKind, CallFacts } from '../../../../src/sources/calls/call-event.js';
import { CallHandler } from '../../../../src/sources/calls/call-handler.js';
import { createCallFixture, type CallFixture } from '../../../support/call-events.js';

const callSid = 'reused-uuid';
const startMs = Date.parse('2026-11-01T08:00:00Z');
const time = (afterMs: number) => new Date(startMs + afterMs).toISOString();

describe('the handling of stored call events', () => {
  let fixture: CallFixture;
  let handler: CallHandler;
  before(async () => {
    fixture = await createCallFixture();
    handler = new CallHandler(fixture.deps);
  });
  after(async () => {
    await handler.close();
    await fixture.close();
  });

  let sequence = 0;
  const event = (kind: CallEventKind, madeMs: number, afterMs: number, facts: Partial<CallFacts> = {}) => ({
    coreUuid: 'core',
    sequence: ++sequence,
    callSid,
    isFirstLeg: true,
    leg: null,
    kind,
    facts: JSON.stringify({
      occurredAt: time(afterMs),
      direction: 'outbound',
      from: '+15550000001',
      to: '+15550000002',
      startedAt: time(madeMs),
      createdMs: startMs + madeMs,
      ...facts,
    } satisfies CallFacts),
  });
  async function handle(events: ReturnType<typeof event>[]): Promise<void> {
    await storeCallEvents(fixture.db, 'switch', events);
    handler.handle(callSid);
    await handler.idle();
  }

  it('logs what the first events said even if it has to read all of them', async () => {
    const ofTenant = { tenantReference: '42' };
    await handle([event('created', 0, 0, ofTenant), event('ended', 0, 1_000, { ...ofTenant, endedAt: time(1_000) })]);
    assert.equal((await fixture.events()).length, 2);
    // None of them names a tenant, so it reads beyond the first 200 in the same transaction.
    const keys = Array.from({ length: 250 }, (_, n) => event('key-pressed', 5_000, 5_001 + n, { digit: '1' }));
    await handle([event('created', 5_000, 5_000), ...keys]);
    const logged = fixture.lines.filter(({ message }) => message.startsWith('call.uuid_used_again'));
    assert.equal(logged.length, 1);
    assert.equal((await fixture.events()).length, 2, 'no tenant, so no event');
  });
});
