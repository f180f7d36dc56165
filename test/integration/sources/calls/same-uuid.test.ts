import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { PlayedSwitch } from '../../../../src/dev/demo/played-switch.js';
import { createCallScenario, typesAndTenants, type CallScenario } from '../../../support/call-scenario.js';
import type { TriggeredCallEvent } from '../../../support/call-events.js';
import { endedAt, madeAt, ofTenant, playedRun, playedStartMs, playedTime } from '../../../support/played-calls.js';
import { waitFor } from '../../../support/wait-for.js';

const uuid = 'job-4711';

describe('one uuid', function () {
  this.timeout(90_000);
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

  const idsOf = (events: TriggeredCallEvent[], type: string) =>
    events.filter((event) => event.type === type).map(({ id }) => id);
  const play = (played: PlayedSwitch, ...frames: Buffer[]) => played.send(Buffer.concat(frames));

  describe('field case 84: used again', () => {
    it('by the second try of a job, from real streams, it makes events and counts under its own id', async () => {
      await scenario.listen([a]);
      // In the order of their sequence numbers, since stored events are handled in that order.
      for (const file of ['10-outbound-answered', '15-outbound-gateway-down']) {
        const stream = readFileSync(`test/fixtures/freeswitch/${file}.json.esl`).toString('latin1');
        const own = /"Unique-ID":\s*"([^"]+)"/.exec(stream)![1]!;
        await a.play(
          Buffer.from(stream.replaceAll(own, own.replace(/.*/, '4711aaaa-0000-4000-8000-000000004711')), 'latin1'),
        );
      }
      await scenario.waitForEvents(5);
      const events = await scenario.settle();
      assert.deepEqual(typesAndTenants(events), [
        'initiated 42',
        'answered 42',
        'completed 42',
        'initiated 42',
        'completed 42',
      ]);
      assert.deepEqual(
        new Set(events.map(({ data }) => data.call_sid)),
        new Set(['4711aaaa-0000-4000-8000-000000004711']),
      );
      const [first, second] = idsOf(events, 'call.completed');
      assert.equal(first, '4711aaaa-0000-4000-8000-000000004711');
      assert.match(second!, /^4711aaaa-0000-4000-8000-000000004711_\d{13}$/);
      assert.deepEqual(idsOf(events, 'call.initiated'), [first, second]);
      assert.deepEqual(idsOf(events, 'call.answered'), [first]);
      assert.equal(await scenario.countedMs('42'), 2_980);
      assert.equal(scenario.logged('call.uuid_used_again').length, 1);
    });

    for (const saysWhen of [true, false]) {
      const made = (atMs: number) => (saysWhen ? madeAt(atMs) : {});
      const first = (run: ReturnType<typeof playedRun>) => [
        run.event('CHANNEL_CREATE', uuid, 0, { ...ofTenant('42'), ...made(0) }),
        run.event('CHANNEL_ANSWER', uuid, 100, { ...ofTenant('42'), ...made(0) }),
        run.event('RECORD_START', uuid, 200, { ...ofTenant('42'), ...made(0), 'Record-File-Path': '/r/same.wav' }),
        run.event('RECORD_STOP', uuid, 900, {
          ...ofTenant('42'),
          ...made(0),
          'Record-File-Path': '/r/same.wav',
          variable_record_ms: '700',
        }),
        run.event('CHANNEL_HANGUP_COMPLETE', uuid, 1_100, { ...ofTenant('42'), ...made(0), ...endedAt(1_100, 100) }),
      ];
      const second = (run: ReturnType<typeof playedRun>) => [
        run.event('CHANNEL_CREATE', uuid, 5_000, { ...ofTenant('43'), ...made(5_000) }),
        run.event('CHANNEL_ANSWER', uuid, 5_100, { ...ofTenant('43'), ...made(5_000) }),
        run.event('DTMF', uuid, 5_200, { 'DTMF-Digit': '7', ...made(5_000) }),
        run.event('RECORD_START', uuid, 5_300, {
          ...ofTenant('43'),
          ...made(5_000),
          'Record-File-Path': '/r/same.wav',
        }),
        run.event('RECORD_STOP', uuid, 7_900, {
          ...ofTenant('43'),
          ...made(5_000),
          'Record-File-Path': '/r/same.wav',
          variable_record_ms: '2600',
        }),
        run.event('CHANNEL_HANGUP_COMPLETE', uuid, 8_100, {
          ...ofTenant('43'),
          ...made(5_000),
          ...endedAt(8_100, 5_100),
        }),
      ];
      const check = async (events: TriggeredCallEvent[]) => {
        const of = (tenant: string) =>
          events
            .filter((event) => event.tenant === tenant)
            .map(({ type }) => type)
            .sort();
        const call = ['call.answered', 'call.completed', 'call.initiated', 'call.recording.completed'];
        assert.deepEqual(of('42'), call);
        assert.deepEqual(of('43'), [...call, 'call.dtmf'].sort());
        assert.equal(new Set(events.map(({ type, id }) => `${type} ${id}`)).size, 9);
        assert.deepEqual([await scenario.countedMs('42'), await scenario.countedMs('43')], [1_000, 3_000]);
      };
      const says = saysWhen ? 'the switch says when it made each channel' : 'the switch does not say when';

      it(`for another tenant it has its own keys and recording (${says}), with two listeners and repeats`, async () => {
        await scenario.listen([a]);
        await scenario.listen([a]);
        const run = playedRun('core-1');
        const frames = [...first(run), ...second(run)];
        for (let time = 0; time < 2; time++) play(a, ...frames);
        await scenario.waitForEvents(9);
        await check(await scenario.settle());
      });

      it(`it is told apart even if all events were stored before any was handled (${says})`, async () => {
        const { fixture } = scenario;
        const { db } = fixture;
        fixture.deps.db = { ...db, transaction: () => Promise.reject(new Error('away')) };
        await scenario.listen([a]);
        const run = playedRun('core-1');
        play(a, ...first(run), ...second(run));
        await scenario.kept(11);
        await scenario.settle();
        fixture.deps.db = db;
        await fixture.database.pool.query("update call_events set kept_at = now() - interval '1 minute'");
        await scenario.listen([a]);
        await scenario.waitForEvents(9);
        await check(await scenario.settle());
      });
    }

    it('it makes events even if the first call had no tenant and its events wait', async () => {
      await scenario.listen([a]);
      const run = playedRun('core-1');
      play(
        a,
        run.event('CHANNEL_CREATE', uuid, 0),
        run.event('CHANNEL_HANGUP_COMPLETE', uuid, 100, endedAt(100, null)),
        run.event('CHANNEL_CREATE', uuid, 5_000, ofTenant('43')),
        run.event('CHANNEL_HANGUP_COMPLETE', uuid, 6_000, { ...ofTenant('43'), ...endedAt(6_000, null) }),
      );
      await scenario.waitForEvents(2);
      assert.deepEqual(typesAndTenants(await scenario.settle()), ['initiated 43', 'completed 43']);
      assert.equal(scenario.logged('call.no_tenant').length, 1);
    });

    it('it completes the first call, whose end was missed, although the switch lists the uuid', async () => {
      await scenario.listen([a]);
      a.channels = [uuid];
      const run = playedRun('core-1');
      play(a, run.event('CHANNEL_CREATE', uuid, 0, { ...ofTenant('42'), ...madeAt(0) }));
      await scenario.waitForEvents(1);
      play(a, run.event('CHANNEL_CREATE', uuid, 9_000, { ...ofTenant('43'), ...madeAt(9_000) }));
      const events = await scenario.waitForEvents(3);
      assert.deepEqual(typesAndTenants(events).sort(), ['completed 42', 'initiated 42', 'initiated 43']);
      const end = events.find(({ type }) => type === 'call.completed')!;
      assert.equal(end.data.hangup_cause, 'ENDED_UNSEEN');
      assert.ok(Date.parse(String(end.data.ended_at)) <= playedStartMs + 9_000, 'before the next one began');
    });

    it('it is a new call on another switch if the first has ended, or if that switch made a new channel', async () => {
      const b = await scenario.startSwitch();
      await scenario.listen([a, b]);
      // Otherwise the call that is still open would be found missing.
      a.channels = ['job-open'];
      const [one, two] = [playedRun('core-a'), playedRun('core-b')];
      play(
        a,
        one.event('CHANNEL_CREATE', uuid, 0, ofTenant('42')),
        one.event('CHANNEL_HANGUP_COMPLETE', uuid, 50, endedAt(50, null)),
      );
      play(a, one.event('CHANNEL_CREATE', 'job-open', 60, { ...ofTenant('42'), ...madeAt(60) }));
      await scenario.waitForEvents(3);
      play(b, two.event('CHANNEL_CREATE', uuid, 9_000, ofTenant('42')));
      play(b, two.event('CHANNEL_CREATE', 'job-open', 9_000, { ...ofTenant('42'), ...madeAt(9_000) }));
      const events = await scenario.waitForEvents(5);
      assert.equal(new Set(idsOf(events, 'call.initiated')).size, 4);
    });

    it('it lets an uploader report the recording of the right call', async () => {
      const { recordingCompleted } = await import('../../../../src/sources/calls/recordings.js');
      scenario.fixture.deps.recordingUrlTemplate = undefined;
      await scenario.listen([a]);
      const run = playedRun('core-1');
      for (const [index, atMs] of [0, 5_000].entries()) {
        const all = { ...ofTenant('42'), ...madeAt(atMs) };
        const file = { 'Record-File-Path': `/r/${index}.wav`, variable_record_ms: '900' };
        play(
          a,
          run.event('CHANNEL_CREATE', uuid, atMs, all),
          run.event('RECORD_STOP', uuid, atMs + 1_000, { ...all, ...file }),
          run.event('CHANNEL_HANGUP_COMPLETE', uuid, atMs + 2_000, { ...all, ...endedAt(atMs + 2_000, null) }),
        );
      }
      await scenario.waitForEvents(4);
      await scenario.settle();
      for (const index of [0, 1])
        await recordingCompleted(scenario.fixture.deps, {
          callSid: uuid,
          recordingUrl: `https://r.example.com/${index}.wav`,
          tenantId: '42',
          durationSeconds: 0.9,
          sizeBytes: 9_000,
          path: `/r/${index}.wav`,
        });
      scenario.fixture.deps.recordingUrlTemplate = 'https://recordings.example.com/{file}';
      const ids = idsOf(await scenario.fixture.events(), 'call.recording.completed');
      const [first, second] = ids.map((id) => id.replace(/^recording_/, '').replace(/_[0-9a-f]{16}$/, ''));
      assert.deepEqual([first, second], [uuid, `${uuid}_${playedStartMs + 5_000}`]);
    });
  });

  describe('field case 85: a call that survives its switch', () => {
    let b: PlayedSwitch;
    beforeEach(async () => {
      b = await scenario.startSwitch();
    });
    const began = (run: ReturnType<typeof playedRun>) => [
      run.event('CHANNEL_CREATE', uuid, 0, { ...ofTenant('42'), ...madeAt(0) }),
      run.event('CHANNEL_ANSWER', uuid, 1_000, { ...ofTenant('42'), ...madeAt(0) }),
    ];
    /** As FreeSWITCH reports it: created at the takeover, together with the time of the takeover. */
    const recovered = madeAt(3_000, { recoveredAtMs: 3_000 });
    const takenOver = (run: ReturnType<typeof playedRun>, more = recovered) => [
      run.event('CHANNEL_CREATE', uuid, 3_000, { ...ofTenant('42'), ...more }),
      run.event('CHANNEL_ANSWER', uuid, 3_010, { ...ofTenant('42'), ...more }),
    ];
    const over = (run: ReturnType<typeof playedRun>, more = recovered) =>
      // The second switch counts from its own answer on.
      run.event('CHANNEL_HANGUP_COMPLETE', uuid, 76_000, { ...ofTenant('42'), ...more, ...endedAt(76_000, 3_010) });
    const whole = ['initiated 42', 'answered 42', 'completed 42'];

    for (const [what, more] of [
      ['says so', recovered],
      ['says nothing of when', {}],
      ['shows the first time', madeAt(0)],
    ] as const)
      it(`ends once, at its real end, with all its minutes, if the other switch ${what}`, async () => {
        await scenario.listen([a, b]);
        await scenario.listen([a, b]);
        play(a, ...began(playedRun('core-a')));
        await scenario.waitForEvents(2);
        b.channels = [uuid];
        const second = playedRun('core-b');
        play(b, ...takenOver(second, more));
        await waitFor(() => scenario.logged('call.taken_over').length > 0, { what: 'the takeover' });
        a.hangUp('reset');
        await waitFor(() => a.subscribers === 2, { what: 'both to be back' });
        play(a, playedRun('core-a2').heartbeat());
        const commandCount = () => a.commands.filter((command) => command.startsWith('api ')).length;
        play(b, second.event('DTMF', uuid, 50_000, { 'DTMF-Digit': '7', ...more }));
        await scenario.waitForEvents(3);
        const before = commandCount();
        // The first switch is no longer asked: its call belongs to the other.
        assert.equal(commandCount(), before);
        b.channels = [];
        play(b, over(second, more), over(playedRun('core-b', 900), more));
        await scenario.waitForEvents(4);
        const events = await scenario.settle();
        assert.deepEqual(typesAndTenants(events), ['initiated 42', 'answered 42', 'dtmf 42', 'completed 42']);
        const { data } = events[3]!;
        assert.deepEqual([data.duration_seconds, data.hangup_cause], [75, 'NORMAL_CLEARING']);
        assert.equal(await scenario.countedMs('42'), 75_000);
      });

    it('is not completed while another switch lists it, even if the takeover was missed', async () => {
      await scenario.listen([a, b]);
      play(a, ...began(playedRun('core-a')));
      await scenario.waitForEvents(2);
      b.channels = [uuid];
      a.hangUp('reset');
      await waitFor(() => a.subscribers === 1, { what: 'the first to be back' });
      play(a, playedRun('core-a2').heartbeat());
      const { pool } = scenario.fixture.database;
      const host = async () => (await pool.query<{ switch: string }>('select switch from calls')).rows[0]!.switch;
      await waitFor(async () => (await host()) === `127.0.0.1:${b.port}`, { what: 'the call to be left to the other' });
      play(b, over(playedRun('core-b', 500)));
      await scenario.waitForEvents(3);
      assert.deepEqual(typesAndTenants(await scenario.settle()), whole);
      assert.equal(await scenario.countedMs('42'), 75_000);
    });

    it('gets its minutes corrected and logged when an estimated end was wrong, without a second event', async () => {
      await scenario.listen([a, b]);
      play(a, ...began(playedRun('core-a')));
      await scenario.waitForEvents(2);
      a.hangUp('reset');
      await scenario.waitForEvents(3);
      const estimated = await scenario.countedMs('42');
      const second = playedRun('core-b');
      play(b, ...takenOver(second));
      await waitFor(() => scenario.logged('call.not_gone').length === 1, { what: 'the mistake to be noticed' });
      for (let time = 0; time < 2; time++) play(b, over(second));
      await waitFor(() => scenario.logged('call.end_corrected').length === 1, { what: 'the correction' });
      assert.deepEqual(typesAndTenants(await scenario.settle()), whole);
      assert.notEqual(estimated, 75_000);
      assert.equal(await scenario.countedMs('42'), 75_000);
      const { rows } = await scenario.fixture.database.pool.query(
        'select hangup_cause, duration_ms, end_estimated from calls',
      );
      assert.deepEqual(rows, [{ hangup_cause: 'NORMAL_CLEARING', duration_ms: '75000', end_estimated: false }]);
    });

    it('gets back minutes that an estimate counted too many, in the right month', async () => {
      await scenario.listen([a]);
      const run = playedRun('core-a');
      play(a, ...began(run));
      await scenario.waitForEvents(2);
      a.hangUp('reset');
      await scenario.waitForEvents(3);
      await waitFor(() => a.subscribers === 1, { what: 'the switch to be back' });
      const { pool } = scenario.fixture.database;
      await pool.query("update calls set duration_ms = 500000, ended_at = '2026-10-31T23:00:00Z'");
      await pool.query(
        "insert into tenant_usage values ($1, '2026-10', 'call_minutes', 600000) on conflict do nothing",
        [scenario.fixture.tenants.get('42')],
      );
      const before = await scenario.countedMs('42');
      play(
        a,
        run.event('CHANNEL_HANGUP_COMPLETE', uuid, 3_000, {
          ...ofTenant('42'),
          ...madeAt(0),
          ...endedAt(3_000, 1_000),
        }),
      );
      await waitFor(() => scenario.logged('call.end_corrected').length === 1, { what: 'the correction' });
      await scenario.settle();
      assert.equal(before - (await scenario.countedMs('42')), 498_000);
    });

    it('is the same call even if the other switch’s events are stored first', async () => {
      const { fixture } = scenario;
      const { db } = fixture;
      fixture.deps.db = { ...db, transaction: () => Promise.reject(new Error('away')) };
      await scenario.listen([a, b]);
      const second = playedRun('core-0');
      play(b, ...takenOver(second), over(second));
      await scenario.kept(3);
      play(a, ...began(playedRun('core-a')));
      await scenario.kept(5);
      await scenario.settle();
      fixture.deps.db = db;
      await fixture.database.pool.query("update call_events set kept_at = now() - interval '1 minute'");
      await scenario.listen([a, b]);
      await scenario.waitForEvents(3);
      assert.deepEqual(typesAndTenants(await scenario.settle()), whole);
      assert.equal(await scenario.countedMs('42'), 75_000);
    });

    it('never becomes another tenant’s: with that tenant’s variable it is a separate call', async () => {
      await scenario.listen([a, b]);
      a.channels = [uuid];
      play(a, ...began(playedRun('core-a')));
      await scenario.waitForEvents(2);
      play(b, playedRun('core-b').event('CHANNEL_CREATE', uuid, 3_000, ofTenant('43')));
      assert.deepEqual(typesAndTenants(await scenario.waitForEvents(3)), [
        'initiated 42',
        'answered 42',
        'initiated 43',
      ]);
    });

    it('is not ended by the end that the lost run sends', async () => {
      await scenario.listen([a, b]);
      a.channels = b.channels = [uuid];
      const first = playedRun('core-a');
      play(a, ...began(first));
      await scenario.waitForEvents(2);
      const second = playedRun('core-b');
      play(b, ...takenOver(second));
      await waitFor(() => scenario.logged('call.taken_over').length === 1, { what: 'the takeover' });
      play(a, first.event('CHANNEL_HANGUP_COMPLETE', uuid, 4_000, { ...madeAt(0), ...endedAt(4_000, 1_000) }));
      await waitFor(() => scenario.logged('call.ended_where_it_was').length === 1, { what: 'the other end' });
      play(b, over(second));
      await scenario.waitForEvents(3);
      assert.deepEqual(typesAndTenants(await scenario.settle()), whole);
      assert.equal(await scenario.countedMs('42'), 75_000);
    });
  });

  describe('field case 96: after a switch was renamed', () => {
    const open = (run: ReturnType<typeof playedRun>) => [
      run.event('CHANNEL_CREATE', uuid, 0, ofTenant('42')),
      run.event('CHANNEL_ANSWER', uuid, 1_000, {
        ...ofTenant('42'),
        'Caller-Channel-Answered-Time': playedTime(1_000),
      }),
    ];

    for (const [what, tellsRun] of [
      ['a heartbeat names its run', true],
      ['it is asked for its run', false],
    ] as const)
      it(`its calls are completed once, when ${what}`, async () => {
        const listener = await scenario.listen([a]);
        const run = playedRun('core-1');
        play(a, ...open(run));
        await scenario.waitForEvents(2);
        await listener.close();
        await waitFor(() => a.subscribers === 0, { what: 'the first name to be gone' });
        await scenario.listen([a], { host: 'localhost' });
        await scenario.listen([a], { host: 'localhost' });
        if (tellsRun) play(a, run.heartbeat());
        const events = await scenario.waitForEvents(3);
        assert.equal(events[2]!.data.hangup_cause, 'ENDED_UNSEEN');
        assert.equal((await scenario.settle()).length, 3);
      });

    it('its calls continue while it lists them, and their end is received', async () => {
      const listener = await scenario.listen([a]);
      a.channels = [uuid];
      const run = playedRun('core-1');
      play(a, ...open(run));
      await scenario.waitForEvents(2);
      await listener.close();
      await waitFor(() => a.subscribers === 0, { what: 'the first name to be gone' });
      await scenario.listen([a], { host: 'localhost' });
      play(a, run.heartbeat());
      const lists = () => a.commands.filter((command) => command === 'api show channels as json').length;
      const before = lists();
      await waitFor(() => lists() > before + 2, { what: 'checks that compare it' });
      play(a, run.event('CHANNEL_HANGUP_COMPLETE', uuid, 31_000, { ...ofTenant('42'), ...endedAt(31_000, 1_000) }));
      await scenario.waitForEvents(3);
      const events = await scenario.settle();
      assert.deepEqual([events.length, events[2]!.data.duration_seconds], [3, 30]);
    });

    it('its calls are completed as lost when it was restarted under the new name', async () => {
      const listener = await scenario.listen([a]);
      const run = playedRun('core-1');
      play(a, ...open(run));
      await scenario.waitForEvents(2);
      await listener.close();
      await waitFor(() => a.subscribers === 0, { what: 'the first name to be gone' });
      // The run is reached under the new name, and then the switch restarts.
      const renamed = await scenario.listen([a], { host: 'localhost' });
      a.channels = [uuid];
      play(a, run.heartbeat());
      const { pool } = scenario.fixture.database;
      const name = async () => (await pool.query<{ switch: string }>('select switch from switch_runs')).rows[0]?.switch;
      await waitFor(async () => (await name()) === `localhost:${a.port}`, { what: 'the run to be noted' });
      await renamed.close();
      await waitFor(() => a.subscribers === 0, { what: 'the listener to be gone' });
      a.channels = [];
      await scenario.listen([a], { host: 'localhost' });
      play(a, playedRun('core-2').heartbeat());
      const events = await scenario.waitForEvents(3);
      assert.equal(events[2]!.data.hangup_cause, 'SWITCH_RESTARTED');
    });

    it('two switches that swapped names both keep their calls', async () => {
      const b = await scenario.startSwitch();
      const listener = await scenario.listen([a, b]);
      const [one, two] = [playedRun('core-a'), playedRun('core-b')];
      play(a, one.event('CHANNEL_CREATE', 'on-a', 0, ofTenant('42')));
      play(b, two.event('CHANNEL_CREATE', 'on-b', 0, ofTenant('43')));
      await scenario.waitForEvents(2);
      await listener.close();
      const ports = [a.port, b.port];
      await a.close();
      await b.close();
      const [a2, b2] = [await scenario.startSwitch(ports[1]), await scenario.startSwitch(ports[0])];
      a2.channels = ['on-a'];
      b2.channels = ['on-b'];
      await scenario.listen([b2, a2]);
      play(a2, one.heartbeat());
      play(b2, two.heartbeat());
      const lists = (played: PlayedSwitch) =>
        played.commands.filter((command) => command.startsWith('api show')).length;
      await waitFor(() => lists(a2) > 5 && lists(b2) > 5, { what: 'many checks' });
      assert.equal((await scenario.settle()).length, 2, 'nothing has ended');
    });

    it('a call is given up after a long time if no switch lists it and no process serves its switch', async () => {
      const listener = await scenario.listen([a]);
      play(a, ...open(playedRun('core-1')));
      await scenario.waitForEvents(2);
      await listener.close();
      const b = await scenario.startSwitch();
      await scenario.listen([b], { orphanAfterMs: 24 * 60 * 60_000 });
      play(b, playedRun('core-b').heartbeat());
      await waitFor(() => b.subscribers === 1, { what: 'the other' });
      const { pool } = scenario.fixture.database;
      const hasChecked = async () =>
        (await pool.query("select from switch_runs where core_uuid = 'core-b'")).rowCount === 1;
      await waitFor(hasChecked, { what: 'a check' });
      assert.equal((await scenario.fixture.events()).length, 2, 'another process may serve it');
      await pool.query("update calls set created_at = now() - interval '2 days'");
      await pool.query("update switch_runs set seen_at = now() - interval '2 days' where core_uuid = 'core-1'");
      const events = await scenario.waitForEvents(3);
      assert.equal(events[2]!.data.hangup_cause, 'ENDED_UNSEEN');
    });
  });
});
