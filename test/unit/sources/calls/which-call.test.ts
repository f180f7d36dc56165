import assert from 'node:assert/strict';
import type { CallRun } from '../../../../src/db/calls.js';
import { whichCall, type ReceivedEvent, type KnownUse } from '../../../../src/sources/calls/which-call.js';

const run = (more: Partial<CallRun> = {}): CallRun => ({
  createdMs: 1_000,
  from: 10,
  until: null,
  tookOver: false,
  ...more,
});
const use = (runs: Record<string, CallRun>, more: Partial<KnownUse> = {}): KnownUse => ({
  runs,
  endedAt: null,
  endEstimated: false,
  ...more,
});
const received = (more: Partial<ReceivedEvent> = {}): ReceivedEvent => ({
  coreUuid: 'core-1',
  sequence: 50,
  kind: 'created',
  facts: {},
  ...more,
});
const sameTenant = () => Promise.resolve(false);
const otherTenants = () => Promise.resolve(true);
const ended = { endedAt: new Date(5_000) };

describe('whichCall', () => {
  it('is a new one for an unknown uuid', async () => {
    assert.deepEqual(await whichCall(received(), [], sameTenant), { is: 'new' });
  });

  it('is recognised by the creation time of its channel, in whatever order the events come', async () => {
    const first = use({ 'core-1': run({ createdMs: 1_000, from: 10, until: 20 }) }, ended);
    const second = use({ 'core-1': run({ createdMs: 9_000, from: 30 }) });
    for (const sequence of [5, 15, 25, 35])
      for (const kind of ['created', 'ended', 'recording-stopped'] as const) {
        const of = (createdMs: number) =>
          whichCall(received({ sequence, kind, facts: { createdMs } }), [first, second], otherTenants);
        assert.deepEqual(await of(1_000), { is: 'known', call: first });
        assert.deepEqual(await of(9_000), { is: 'known', call: second });
        assert.deepEqual(await of(7_000), { is: 'new' }, 'even while another call of the uuid is open');
      }
  });

  it('is told by the sequence if there is no creation time: a beginning after an end is a new call', async () => {
    const first = use({ 'core-1': run({ createdMs: null, from: 10, until: 20 }) }, ended);
    const second = use({ 'core-1': run({ createdMs: null, from: 30 }) });
    assert.deepEqual(await whichCall(received({ sequence: 21 }), [first], sameTenant), { is: 'new' });
    assert.deepEqual(await whichCall(received({ sequence: 12 }), [first], sameTenant), { is: 'known', call: first });
    const stop = (sequence: number) => received({ sequence, kind: 'recording-stopped' });
    assert.deepEqual(await whichCall(stop(21), [first], sameTenant), { is: 'known', call: first });
    assert.deepEqual(await whichCall(stop(21), [first], otherTenants), { is: 'new' });
    assert.deepEqual(await whichCall(stop(25), [first, second], sameTenant), { is: 'known', call: first });
    assert.deepEqual(await whichCall(stop(31), [first, second], sameTenant), { is: 'known', call: second });
  });

  it('is the open call when a beginning is repeated', async () => {
    const open = use({ 'core-1': run({ createdMs: null }) });
    assert.deepEqual(await whichCall(received(), [open], sameTenant), { is: 'known', call: open });
  });

  describe('in a run of the switch without earlier events of the uuid', () => {
    const inNewRun = (facts: ReceivedEvent['facts'], kind: ReceivedEvent['kind'] = 'created') =>
      received({ coreUuid: 'core-2', sequence: 1, kind, facts });
    const open = use({ 'core-1': run() });
    const givenUp = use({ 'core-1': run() }, { ...ended, endEstimated: true });
    const over = use({ 'core-1': run({ until: 20 }) }, ended);
    const waitsForTenant = use({ 'core-1': run({ until: 20 }) });

    it('is the last call, taken over, if its end was not received', async () => {
      for (const call of [open, givenUp])
        for (const facts of [
          {},
          { createdMs: 8_000 },
          { createdMs: 8_000, wasRecovered: true },
          { createdMs: 1_000, wasRecovered: false },
        ])
          for (const kind of ['created', 'answered', 'ended'] as const)
            assert.deepEqual(await whichCall(inNewRun(facts, kind), [over, call], sameTenant), {
              is: 'taken-over',
              call,
            });
    });

    it('is a new call if the end was received, the channel is a new one, or the tenant is a different one', async () => {
      for (const call of [over, waitsForTenant])
        for (const facts of [{}, { createdMs: 8_000 }, { createdMs: 8_000, wasRecovered: true }])
          assert.deepEqual(await whichCall(inNewRun(facts), [call], sameTenant), { is: 'new' });
      for (const call of [open, givenUp]) {
        const fresh = { createdMs: 8_000, wasRecovered: false };
        assert.deepEqual(await whichCall(inNewRun(fresh), [call], sameTenant), { is: 'new' });
        assert.deepEqual(await whichCall(inNewRun({}), [call], otherTenants), { is: 'new' });
      }
    });
  });
});
