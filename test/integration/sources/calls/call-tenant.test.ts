import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { PlayedSwitch } from '../../../../src/dev/demo/played-switch.js';
import { createCallScenario, typesAndTenants, type CallScenario } from '../../../support/call-scenario.js';
import { endedAt, madeAt, ofTenant, playedRun } from '../../../support/played-calls.js';
import { waitFor } from '../../../support/wait-for.js';

describe('the tenant of a call', function () {
  this.timeout(180_000);
  let scenario: CallScenario;
  let a: PlayedSwitch;
  before(async () => {
    scenario = await createCallScenario();
  });
  beforeEach(async () => {
    a = await scenario.startSwitch();
  });
  afterEach(() => scenario.reset());
  after(() => scenario.close());

  const owned = '+12025550101';
  const unowned = '+12025550199';

  describe('field case 94: with two facts in two frames', () => {
    /** The variable in the first event, and in the later ones; undefined if there is none. */
    interface Facts {
      direction: 'inbound' | 'outbound';
      isOwned: boolean;
      atBirth: string | undefined;
      afterwards: string | undefined;
    }
    /** The rule of docs/calls.md. `nobody` names no tenant. */
    const ownerOf = ({ isOwned, atBirth, afterwards }: Facts): string | null => {
      const named = (reference: string | undefined) => (reference === 'nobody' ? undefined : reference);
      if (atBirth !== undefined) return named(atBirth) ?? named(afterwards) ?? null;
      return isOwned ? '77' : (named(afterwards) ?? null);
    };
    const variable = (reference: string | undefined) => (reference === undefined ? {} : ofTenant(reference));
    const numbers = ({ direction, isOwned }: Facts) => {
      const [own, other] = [isOwned ? owned : unowned, '+13035550142'];
      return {
        'Call-Direction': direction,
        'Caller-Caller-ID-Number': direction === 'inbound' ? other : own,
        'Caller-Destination-Number': direction === 'inbound' ? own : other,
      };
    };

    it('is the same for all its events, whatever the gaps between frames and the cuts in them, with two listeners', async () => {
      await scenario.assignNumber('77', owned);
      // Otherwise calls that the switch does not list would be completed meanwhile.
      await scenario.listen([a], { goneCheckEveryMs: 60_000 });
      await scenario.listen([a], { goneCheckEveryMs: 60_000 });
      let calls = 0;
      const facts = fc.record({
        direction: fc.constantFrom('inbound' as const, 'outbound' as const),
        isOwned: fc.boolean(),
        atBirth: fc.constantFrom(undefined, undefined, '42', 'nobody'),
        afterwards: fc.constantFrom(undefined, '42', '43', 'nobody'),
      });
      const timing = fc.record({
        gapsMs: fc.array(fc.constantFrom(0, 0, 1, 5, 20, 60), { minLength: 4, maxLength: 4 }),
        cut: fc.double({ min: 0, max: 1, noNaN: true }),
      });
      await fc.assert(
        fc.asyncProperty(facts, fc.array(timing, { minLength: 2, maxLength: 4 }), async (call, timings) => {
          const before = (await scenario.fixture.events()).length;
          for (const { gapsMs, cut } of timings) {
            const uuid = `call-${++calls}`;
            const run = playedRun(`core-${calls}`);
            const all = { ...numbers(call), ...madeAt(0) };
            const later = { ...all, ...variable(call.afterwards ?? call.atBirth) };
            const frames = [
              run.event('CHANNEL_CREATE', uuid, 0, { ...all, ...variable(call.atBirth) }),
              run.event('DTMF', uuid, 5, { ...all, 'DTMF-Digit': '1' }),
              run.event('CHANNEL_ANSWER', uuid, 10, later),
              run.event('CHANNEL_HANGUP_COMPLETE', uuid, 2_000, { ...later, ...endedAt(2_000, 10) }),
            ];
            for (const [index, frame] of frames.entries()) {
              const at = Math.floor(cut * frame.length);
              a.send(frame.subarray(0, at));
              await delay(gapsMs[index]);
              a.send(frame.subarray(at));
            }
          }
          const owner = ownerOf(call);
          const expected = owner === null ? 0 : 4 * timings.length;
          await scenario.waitForEvents(before + expected);
          await scenario.kept(calls * 4);
          const events = (await scenario.fixture.events()).slice(before);
          assert.deepEqual(new Set(events.map(({ tenant }) => tenant)), new Set(owner === null ? [] : [owner]));
          assert.equal(events.length, expected);
        }),
        { numRuns: 25 },
      );
    });

    it('is the owner of the number even if the beginning was missed, when the dialplan sets the variable', async () => {
      await scenario.assignNumber('77', owned);
      await scenario.listen([a]);
      const run = playedRun('core-1');
      a.send(run.event('CHANNEL_ANSWER', 'joined', 10, ofTenant('42')));
      a.send(run.event('CHANNEL_HANGUP_COMPLETE', 'joined', 99, { ...ofTenant('42'), ...endedAt(99, 10) }));
      assert.deepEqual(typesAndTenants(await scenario.waitForEvents(2)), ['answered 77', 'completed 77']);
    });
  });

  describe('field case 95: when a listener joins in the middle', () => {
    const legB = {
      'Channel-Call-UUID': 'A',
      'Call-Direction': 'outbound',
      'Caller-Destination-Number': '+13035550177',
      'Other-Type': 'originator',
      'Other-Leg-Unique-ID': 'A',
      variable_originator: 'A',
    };
    const file = { 'Record-File-Path': '/r/b.wav', variable_record_ms: '900' };
    const triggered = ['recording.completed', 'completed'];

    for (const [what, variables, owner] of [
      ['with the tenant’s variable on both legs', { a: '42', b: '42' }, '42'],
      ['with one on the caller’s leg alone', { a: '42', b: undefined }, '42'],
      ['with another tenant’s on the other leg', { a: '42', b: '43' }, '42'],
      ['without any, by the number that was called', { a: undefined, b: undefined }, '77'],
    ] as const)
      for (const first of ['RECORD_START', 'RECORD_STOP'])
        it(`is the caller's, at ${first} on the other leg of a bridged call, ${what}`, async () => {
          // The caller's number belongs to a third tenant.
          await scenario.assignNumber('43', '+13035550142');
          if (owner === '77') await scenario.assignNumber('77', owned);
          await scenario.listen([a]);
          const run = playedRun('core-1');
          const of = (reference: string | undefined) => (reference === undefined ? {} : ofTenant(reference));
          const onB = { ...legB, ...of(variables.b), ...madeAt(500) };
          if (first === 'RECORD_START') a.send(run.event('RECORD_START', 'B', 5_000, { ...onB, ...file }));
          a.send(run.event('RECORD_STOP', 'B', 6_000, { ...onB, ...file }));
          await scenario.kept(1);
          a.send(run.event('CHANNEL_HANGUP_COMPLETE', 'B', 7_000, { ...onB, ...endedAt(7_000, 600) }));
          const onA = { ...of(variables.a), ...madeAt(0) };
          a.send(run.event('CHANNEL_HANGUP_COMPLETE', 'A', 7_010, { ...onA, ...endedAt(7_010, 600) }));
          const events = await scenario.waitForEvents(2);
          assert.deepEqual(
            typesAndTenants(events),
            triggered.map((type) => `${type} ${owner}`),
          );
          const { data } = events[1]!;
          assert.deepEqual(
            [data.call_sid, data.direction, data.from, data.to],
            ['A', 'inbound', '+13035550142', owned],
          );
          assert.equal(events[0]!.data.call_sid, 'A');
        });

    it('is the caller’s for a real bridged call, from any of its events on', async () => {
      await scenario.assignNumber('43', '+13035550142');
      const stream = readFileSync('test/fixtures/freeswitch/43-bridge-recorded-stereo.json.esl');
      const { FrameReader } = await import('../../../../src/sources/calls/frame-reader.js');
      const frames = [...new FrameReader().read(stream)].filter(({ contentType }) =>
        contentType.startsWith('text/event-'),
      );
      await scenario.listen([a]);
      for (let from = 0; from < frames.length - 3; from++) {
        for (const { headers, body } of frames.slice(from))
          a.send(
            Buffer.concat([
              Buffer.from([...headers].map(([name, value]) => `${name}: ${value}\n`).join('') + '\n'),
              body,
            ]),
          );
        const end = async () => (await scenario.fixture.events()).some(({ type }) => type === 'call.completed');
        await waitFor(end, { what: `the end, heard from frame ${from} on` });
        for (const { tenant, data } of await scenario.fixture.events()) {
          assert.equal(tenant, '42');
          if (data.direction) assert.equal(data.direction, 'inbound');
          if (data.from) assert.deepEqual([data.from, data.to], ['+13035550142', '+12025550118']);
        }
        await scenario.fixture.clear();
      }
    });

    it('stays undecided after a keypress on a tenant’s phone that dials another tenant’s number, until an event names it', async () => {
      await scenario.assignNumber('77', owned);
      await scenario.listen([a]);
      const run = playedRun('core-1');
      a.send(run.event('DTMF', 'phone', 5, { 'DTMF-Digit': '1' }));
      await scenario.kept(1);
      const phone = { variable_user_name: '1001', ...ofTenant('42') };
      a.send(run.event('CHANNEL_HANGUP_COMPLETE', 'phone', 99, { ...phone, ...endedAt(99, 1) }));
      const events = await scenario.waitForEvents(2);
      assert.deepEqual(typesAndTenants(events), ['dtmf 42', 'completed 42']);
      assert.equal(events[1]!.data.direction, 'outbound');
    });
  });

  it('is the first leg’s if two legs have two tenants’ numbers', async () => {
    await scenario.assignNumber('77', owned);
    await scenario.assignNumber('43', '+12025550143');
    await scenario.listen([a]);
    const run = playedRun('core-1');
    const legB = {
      'Channel-Call-UUID': 'A',
      'Call-Direction': 'outbound',
      'Caller-Destination-Number': '+12025550143',
    };
    a.send(run.event('CHANNEL_CREATE', 'A', 0));
    a.send(run.event('CHANNEL_CREATE', 'B', 1, legB));
    a.send(run.event('RECORD_STOP', 'B', 3, { ...legB, 'Record-File-Path': '/r/b.wav' }));
    a.send(run.event('CHANNEL_HANGUP_COMPLETE', 'B', 4, { ...legB, ...endedAt(4, null) }));
    a.send(run.event('CHANNEL_HANGUP_COMPLETE', 'A', 5, endedAt(5, null)));
    await scenario.waitForEvents(3);
    assert.deepEqual(typesAndTenants(await scenario.settle()), [
      'initiated 77',
      'recording.completed 77',
      'completed 77',
    ]);
  });

  it('stays the same for two joined calls, and each keeps its own recording', async () => {
    await scenario.listen([a]);
    const run = playedRun('core-1');
    // All in one packet: the second is recognised as a call before its first event is handled.
    a.send(
      Buffer.concat([
        run.event('CHANNEL_CREATE', 'A', 0, ofTenant('42')),
        run.event('CHANNEL_CREATE', 'B', 1, ofTenant('43')),
        run.event('RECORD_STOP', 'B', 3, {
          ...ofTenant('43'),
          'Channel-Call-UUID': 'A',
          'Other-Type': 'originator',
          'Other-Leg-Unique-ID': 'A',
          'Record-File-Path': '/r/b.wav',
        }),
      ]),
    );
    const events = await scenario.waitForEvents(3);
    const recording = events.find(({ type }) => type === 'call.recording.completed')!;
    assert.deepEqual([recording.tenant, recording.data.call_sid], ['43', 'B']);
  });

  describe('field case 100: with an event that cannot be handled', () => {
    it('still gets the call’s end and minutes; the event is set aside and logged once', async () => {
      const { pool } = scenario.fixture.database;
      const poisons: [kind: string, facts: Record<string, unknown> | string][] = [
        ['recording-stopped', { recording: null }],
        ['recording-stopped', { recording: { path: '/r/x.wav', durationMs: 5, sizeBytes: 1e30 } }],
        ['recording-started', { recording: { path: 'x'.repeat(3_000), durationMs: null, sizeBytes: null } }],
        ['answered', { answeredAt: 'no time' }],
        ['key-pressed', { digit: '5', occurredAt: '+275760-09-13T00:00:00.001Z' }],
        ['key-pressed', '{"not": json'],
        ['key-pressed', '{"tenantReference":{}}'],
      ];
      await scenario.listen([a]);
      const run = playedRun('core-1');
      a.send(run.event('CHANNEL_CREATE', 'uuid-1', 0, ofTenant('42')));
      await scenario.waitForEvents(1);
      for (const [index, [kind, facts]] of poisons.entries())
        await pool.query(
          `insert into call_events (core_uuid, event_sequence, switch, call_sid, kind, facts)
           select core_uuid, $1, switch, call_sid, $2, case when $3::text like '{%' and $4 then (facts::jsonb || $3::jsonb)::text else $3 end
             from call_events limit 1`,
          [100 + index, kind, typeof facts === 'string' ? facts : JSON.stringify(facts), typeof facts !== 'string'],
        );
      const last = playedRun('core-1', 1_000);
      const end = { ...ofTenant('42'), ...endedAt(61_000, 1_000) };
      a.send(last.event('CHANNEL_HANGUP_COMPLETE', 'uuid-1', 61_000, end));
      const events = await scenario.waitForEvents(3);
      assert.deepEqual(typesAndTenants(events), ['initiated 42', 'answered 42', 'completed 42']);
      assert.equal(await scenario.countedMs('42'), 60_000);
      await scenario.settle();
      const logged = [...scenario.logged('call.event_set_aside'), ...scenario.logged('call.event_refused')];
      assert.equal(logged.length, poisons.length);
      assert.ok(logged.every(({ level }) => level === 'error'));
      assert.equal(scenario.logged('call.not_handled').length, 0);
      const { rowCount } = await pool.query('select from call_events where set_aside_at is not null');
      assert.equal(rowCount, poisons.length);
    });

    it('gets all events whatever they contain: half characters, NUL, long text, numbers and times out of range', async () => {
      await scenario.listen([a]);
      const run = playedRun('core-1');
      const odd = ['\ud83d', 'a\0b', 'x'.repeat(5_000), '😀'.repeat(300), '999999999999999', '-1', '99999999999999999'];
      for (const [index, value] of odd.entries()) {
        const uuid = `uuid-${index}`;
        const all = {
          ...ofTenant('42'),
          'Caller-Caller-ID-Number': value,
          'Caller-Destination-Number': value,
          'Caller-Channel-Created-Time': value,
          'Caller-Channel-Answered-Time': value,
          'Record-File-Path': `/r/${value}.wav`,
          variable_record_ms: value,
          variable_record_file_size: value,
          variable_answer_uepoch: value,
          variable_end_uepoch: value,
          variable_billmsec: value,
          'Hangup-Cause': value,
        };
        for (const name of [
          'CHANNEL_CREATE',
          'CHANNEL_ANSWER',
          'RECORD_START',
          'RECORD_STOP',
          'CHANNEL_HANGUP_COMPLETE',
        ])
          a.send(run.event(name, uuid, index, all));
        a.send(
          run.event('CHANNEL_CREATE', 'uuid-42', index, { ...ofTenant(value), 'Caller-Channel-Created-Time': value }),
        );
      }
      const ends = async () => (await scenario.fixture.events()).filter(({ type }) => type === 'call.completed').length;
      await waitFor(async () => (await ends()) >= odd.length, { what: 'all ends' });
      const events = await scenario.settle();
      assert.equal(
        scenario.fixture.lines.filter(({ level }) => level === 'error').length,
        0,
        JSON.stringify(scenario.fixture.lines.filter(({ level }) => level === 'error')),
      );
      for (const { data } of events) assert.ok(!/\\ud[89a-f]/i.test(JSON.stringify(data)), 'no half of a character');
      for (const sid of new Set(events.map(({ data }) => data.call_sid))) {
        const from = new Set(events.filter(({ data }) => data.call_sid === sid).flatMap(({ data }) => data.from ?? []));
        assert.equal(from.size, 1, 'the same in all events');
      }
    });
  });

  it('gets the real end even if the call was given up before its tenant was known', async () => {
    await scenario.listen([a]);
    const run = playedRun('core-1');
    a.send(run.event('CHANNEL_CREATE', 'late', 0));
    const { pool } = scenario.fixture.database;
    await waitFor(async () => (await pool.query('select from calls where end_estimated')).rowCount === 1, {
      what: 'the call to be given up',
    });
    a.send(run.event('CHANNEL_HANGUP_COMPLETE', 'late', 9_000, { ...ofTenant('42'), ...endedAt(9_000, 1_000) }));
    const events = await scenario.waitForEvents(3);
    assert.deepEqual(typesAndTenants(events), ['initiated 42', 'answered 42', 'completed 42']);
    assert.deepEqual([events[2]!.data.ended_at_estimated, await scenario.countedMs('42')], [undefined, 8_000]);
  });

  it('is searched for again only when new events of the call arrive, so that others have their turn', async () => {
    const { pool } = scenario.fixture.database;
    await scenario.listen([a]);
    const run = playedRun('core-1');
    a.send(run.event('CHANNEL_CREATE', 'waits', 0));
    a.send(run.event('DTMF', 'bare', 0, { 'DTMF-Digit': '1' }));
    const hasChecked = async () =>
      (await pool.query('select from call_events where handled_at is null and looked_at is not null')).rowCount === 2;
    await waitFor(hasChecked, { what: 'a check of both' });
    await pool.query("update call_events set kept_at = now() - interval '1 minute'");
    const { callsWithLeftovers } = await import('../../../../src/db/call-events.js');
    assert.deepEqual(await callsWithLeftovers(scenario.fixture.db, 5_000, 1_000), []);
  });
});
