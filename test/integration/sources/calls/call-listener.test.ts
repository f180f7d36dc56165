import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openDatabase } from '../../../../src/db/database.js';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expire } from '../../../../activities/maintenance/expire.js';
import { retentionOf } from '../../../../src/config/retention.js';
import { createLogger } from '../../../../src/log.js';
import { jsonEvent, startPlayedSwitch, type PlayedSwitch } from '../../../../src/dev/demo/played-switch.js';
import type { CallHandlerDeps } from '../../../../src/sources/calls/call-handler.js';
import { startCallListener, type CallListener } from '../../../../src/sources/calls/call-listener.js';
import type { SwitchListenerOptions } from '../../../../src/sources/calls/switch-listener.js';
import { createCallFixture, type CallFixture, type TriggeredCallEvent } from '../../../support/call-events.js';
import { startTcpProxy, throughProxy } from '../../../support/tcp-proxy.js';
import { waitFor } from '../../../support/wait-for.js';

const fast: Partial<SwitchListenerOptions> = {
  reconnectDelays: { firstMs: 10, maxMs: 50, rejectedFirstMs: 100, rejectedMaxMs: 200 },
  confirmGoneAfterMs: 50,
  goneCheckEveryMs: 100,
};
const bridge = readFileSync('test/fixtures/freeswitch/21-bridge-tenant-exported.json.esl');
const keys = readFileSync('test/fixtures/freeswitch/30-dtmf-rtp-in-ivr.json.esl');
const killed = readFileSync('test/fixtures/freeswitch/S3-killed-sigkill-during-call.json.esl');

describe('call listener', function () {
  this.timeout(90_000);
  let fixture: CallFixture;
  let played: PlayedSwitch;
  let listeners: CallListener[];
  let sequence: number;

  before(async () => {
    fixture = await createCallFixture();
  });
  beforeEach(async () => {
    played = await startPlayedSwitch();
    listeners = [];
    sequence = 0;
  });
  afterEach(async () => {
    for (const listener of listeners) await listener.close();
    await played.close();
    await fixture.clear();
  });
  after(() => fixture.close());

  async function listen(
    deps: CallHandlerDeps = fixture.deps,
    options: Partial<SwitchListenerOptions> = {},
  ): Promise<CallListener> {
    const before = played.subscribers;
    const listener = startCallListener(deps, [{ host: '127.0.0.1', port: played.port, password: 'ClueCon' }], {
      tenantVariable: 'tenant_id',
      ...fast,
      ...options,
    });
    listeners.push(listener);
    await waitFor(() => played.subscribers > before, { what: 'the subscription' });
    return listener;
  }

  /** Waits for `count` events and returns them all. */
  async function waitForEvents(count: number): Promise<TriggeredCallEvent[]> {
    await waitFor(async () => (await fixture.events()).length >= count, { what: `${count} events` });
    return fixture.events();
  }
  const types = (events: TriggeredCallEvent[]) => events.map(({ type }) => type.replace('call.', ''));
  /** Two listeners take turns, so the order in which transactions began is not the order of the events. */
  const sorted = (events: TriggeredCallEvent[]) => types(events).sort();
  const oneCall = ['answered', 'completed', 'initiated'];
  const logged = (message: string) => fixture.lines.filter((line) => line.message.startsWith(message));
  const kept = async () =>
    (await fixture.database.pool.query<{ count: string }>('select count(*) from call_events where handled_at is null'))
      .rows[0]!.count;

  /** Sends a channel event with the headers that every such event has. */
  function send(name: string, uuid: string, headers: Record<string, string> = {}): void {
    sequence += 1;
    const event = {
      'Event-Name': name,
      'Core-UUID': 'core-1',
      'Event-Sequence': String(sequence),
      'Event-Date-Timestamp': String((1_795_608_862_000 + sequence * 1_000) * 1_000),
      'Unique-ID': uuid,
      'Channel-Call-UUID': uuid,
      'Call-Direction': 'inbound',
      'Caller-Caller-ID-Number': '+13035550142',
      'Caller-Destination-Number': '+12025550101',
      ...headers,
    };
    played.send(jsonEvent(event));
  }
  const tenant = { variable_tenant_id: '42' };
  const answeredEnd = {
    ...tenant,
    'Hangup-Cause': 'NORMAL_CLEARING',
    variable_answer_epoch: '1795608863',
    variable_billmsec: '90000',
  };

  it('makes the events of a bridged call once, even with two listeners and three repeats by the switch', async () => {
    await listen();
    await listen();
    for (let time = 0; time < 3; time++) await played.play(bridge);
    await waitForEvents(3);
    for (const listener of listeners.splice(0)) await listener.close();
    assert.deepEqual(sorted(await fixture.events()), oneCall);
    const { rows } = await fixture.database.pool.query('select status, direction, from_number from calls');
    assert.deepEqual(rows, [{ status: 'completed', direction: 'inbound', from_number: '+13035550142' }]);
  });

  it('handles events that another process had stored when it died', async () => {
    const { db } = fixture;
    const dying = { ...db, transaction: () => Promise.reject(new Error('killed')) };
    await listen({ ...fixture.deps, db: dying });
    await played.play(keys);
    await waitFor(async () => (await kept()) === '8', { what: 'all to be kept' });
    await listeners.pop()!.close();
    assert.deepEqual(await fixture.events(), []);
    // The process that stored them may still be handling young ones.
    await fixture.database.pool.query("update call_events set kept_at = now() - interval '1 minute'");
    await listen();
    const events = await waitForEvents(8);
    assert.deepEqual(types(events), ['initiated', 'answered', ...Array<string>(5).fill('dtmf'), 'completed']);
  });

  it('continues in the middle of a call after a restart, with what it knew', async () => {
    const first = await listen();
    send('CHANNEL_CREATE', 'uuid-1', tenant);
    send('CHANNEL_ANSWER', 'uuid-1', tenant);
    await waitForEvents(2);
    await first.close();
    await waitFor(() => played.subscribers === 0, { what: 'the first to be gone' });
    await listen();
    // Without any variable, and with the numbers swapped as FreeSWITCH does.
    send('DTMF', 'uuid-1', { 'DTMF-Digit': '7' });
    send('CHANNEL_HANGUP_COMPLETE', 'uuid-1', { ...answeredEnd, 'Caller-Caller-ID-Number': '+12025550101' });
    const events = await waitForEvents(4);
    assert.deepEqual(types(events), ['initiated', 'answered', 'dtmf', 'completed']);
    assert.deepEqual(
      events.map(({ tenant, data }) => [tenant, data.call_sid]),
      Array(4).fill(['42', 'uuid-1']),
    );
    assert.equal(events[3]!.data.from, '+13035550142');
  });

  it('keeps the events of a call without a tenant until one names it, then makes them events in order', async () => {
    const listener = await listen();
    send('CHANNEL_CREATE', 'uuid-1');
    send('DTMF', 'uuid-1', { 'DTMF-Digit': '1' });
    send('DTMF', 'uuid-1', { 'DTMF-Digit': '2' });
    await waitFor(async () => (await kept()) === '3', { what: 'three kept events' });
    assert.deepEqual(await fixture.events(), []);
    send('CHANNEL_ANSWER', 'uuid-1', tenant);
    const events = await waitForEvents(4);
    assert.deepEqual(types(events), ['initiated', 'dtmf', 'dtmf', 'answered']);
    assert.deepEqual(
      events.flatMap(({ data }) => data.digit ?? []),
      ['1', '2'],
    );
    assert.equal(logged('call.no_tenant').length, 0);
    assert.equal(listener.callsWithoutTenant, 0);
  });

  it("finds the tenant by the number: the called one of an inbound call, the caller's of an outbound one", async () => {
    const { pool } = fixture.database;
    await pool.query('insert into phone_numbers (tenant_id, phone_number) values ($1, $2)', [
      fixture.tenants.get('77'),
      '+12025550101',
    ]);
    await listen();
    send('CHANNEL_CREATE', 'uuid-in');
    send('CHANNEL_CREATE', 'uuid-out', {
      'Call-Direction': 'outbound',
      'Caller-Caller-ID-Number': '+12025550101',
      'Caller-Destination-Number': '%2B13035550142',
    });
    // The variable takes precedence over the number.
    send('CHANNEL_CREATE', 'uuid-variable', tenant);
    // An inbound call from another tenant's number to an unassigned one.
    const spoofed = {
      'Caller-Caller-ID-Number': '+12025550101',
      'Caller-Destination-Number': '+13035550199',
      'variable_sip_h_X-Tenant-ID': '77',
    };
    send('CHANNEL_CREATE', 'uuid-spoofed', spoofed);
    for (let times = 0; times < 2; times++) send('CHANNEL_HANGUP_COMPLETE', 'uuid-spoofed', spoofed);
    await waitForEvents(3);
    await waitFor(() => logged('call.no_tenant').length === 1, { what: 'the fourth to be logged' });
    const events = (await fixture.events()).map((event) => [event.id, event.tenant]);
    assert.deepEqual(events.sort(), [
      ['uuid-in', '77'],
      ['uuid-out', '77'],
      ['uuid-variable', '42'],
    ]);
    await pool.query('delete from phone_numbers');
  });

  it('loses nothing while Postgres is away', async () => {
    const proxy = await startTcpProxy(Number(new URL(fixture.database.url).port));
    const db = openDatabase({ url: throughProxy(fixture.database.url, proxy), poolSize: 5 });
    try {
      await listen({ ...fixture.deps, db });
      await proxy.cut();
      await played.play(keys);
      await waitFor(() => logged('call.not_kept').length > 0, { what: 'the first failure' });
      assert.deepEqual(await fixture.events(), []);
      await proxy.restore();
      const events = await waitForEvents(8);
      assert.deepEqual(types(events).at(-1), 'completed');
      for (const listener of listeners.splice(0)) await listener.close();
    } finally {
      await db.close();
      await proxy.close();
    }
  });

  describe('calls that ended unseen', () => {
    it('are completed after a reconnect, with a cause of our own, when the switch no longer lists them', async () => {
      await listen();
      await played.play(killed);
      const begun = await waitForEvents(2);
      const callSid = begun[0]!.id;
      played.hangUp('reset');
      const events = await waitForEvents(3);
      const { data } = events[2]!;
      assert.equal(events[2]!.type, 'call.completed');
      assert.deepEqual([data.call_sid, data.hangup_cause, data.status], [callSid, 'ENDED_UNSEEN', 'completed']);
      assert.equal(data.ended_at_estimated, true);
      assert.ok(played.commands.includes('api show channels as json'));
    });

    it('are reported as lost when the switch was restarted', async () => {
      await listen(fixture.deps, { confirmGoneAfterMs: 500 });
      await played.play(killed);
      await waitForEvents(2);
      played.hangUp('reset');
      await waitFor(() => played.connections === 2 && played.subscribers === 1, { what: 'the reconnect' });
      played.send(jsonEvent({ 'Event-Name': 'HEARTBEAT', 'Core-UUID': 'core-new', 'Event-Sequence': '5' }));
      const events = await waitForEvents(3);
      assert.equal(events[2]!.data.hangup_cause, 'SWITCH_RESTARTED');
    });

    it('do not include calls that the switch still lists, or cannot list', async () => {
      await listen();
      send('CHANNEL_CREATE', 'uuid-1', tenant);
      await waitForEvents(1);
      played.channels = ['uuid-1', 'uuid-other'];
      played.hangUp('reset');
      const commandCount = () => played.commands.filter((command) => command.startsWith('api ')).length;
      await waitFor(() => commandCount() >= 3, { what: 'three checks' });
      // Without any list, no call can be judged.
      played.channels = null;
      const before = commandCount();
      await waitFor(() => commandCount() > before && logged('switch.no_channel_list').length > 0, {
        what: 'a failed check',
      });
      played.channels = [];
      assert.deepEqual(types(await fixture.events()), ['initiated']);
    });

    it('make one event with two listeners, and the real end makes no second one when it comes too late', async () => {
      await listen();
      await listen();
      send('CHANNEL_CREATE', 'uuid-1', tenant);
      send('CHANNEL_ANSWER', 'uuid-1', tenant);
      await waitForEvents(2);
      played.hangUp('reset');
      await waitForEvents(3);
      await waitFor(() => played.subscribers === 2, { what: 'both to be back' });
      send('CHANNEL_HANGUP_COMPLETE', 'uuid-1', answeredEnd);
      await waitFor(async () => (await kept()) === '0' && sequence === 3, { what: 'the end to be handled' });
      for (const listener of listeners.splice(0)) await listener.close();
      const events = await fixture.events();
      assert.deepEqual(sorted(events), oneCall);
      const end = events.find(({ type }) => type === 'call.completed')!;
      assert.equal(end.data.hangup_cause, 'ENDED_UNSEEN');
      // field case 82: by the clock of the switch, which differs from ours in this test.
      const seenForMs = Date.parse(end.data.ended_at as string) - Date.parse(end.data.started_at as string);
      assert.ok(seenForMs >= 0 && seenForMs < 600_000, `${seenForMs} ms`);
    });

    it('report a missed answer with the end, at its real time', async () => {
      await listen();
      send('CHANNEL_CREATE', 'uuid-1', tenant);
      send('CHANNEL_HANGUP_COMPLETE', 'uuid-1', answeredEnd);
      const events = await waitForEvents(3);
      assert.deepEqual(sorted(events), oneCall);
      const answered = events.find(({ type }) => type === 'call.answered')!;
      assert.equal(answered.data.answered_at, new Date(1_795_608_863_000).toISOString());
      assert.equal(answered.timestamp, answered.data.answered_at);
    });
  });

  it('counts the minutes of a call once, with its end', async () => {
    await listen();
    await listen();
    send('CHANNEL_CREATE', 'uuid-1', tenant);
    for (let repeat = 0; repeat < 3; repeat++) send('CHANNEL_HANGUP_COMPLETE', 'uuid-1', answeredEnd);
    await waitForEvents(3);
    for (const listener of listeners.splice(0)) await listener.close();
    const { rows } = await fixture.database.pool.query<{ used: string }>(
      "select sum(used) as used from tenant_usage where resource = 'call_minutes'",
    );
    assert.equal(Number(rows[0]!.used), 90_000, 'in milliseconds');
  });

  describe('field case 52: both legs, and repeats', () => {
    const legB = (callUuid: string) => ({
      ...tenant,
      'Channel-Call-UUID': callUuid,
      'Call-Direction': 'outbound',
      'Other-Leg-Unique-ID': 'A',
    });
    for (const [what, callUuid, otherType] of [
      ['that name one call', 'A', 'originator'],
      ['of which the second names itself', 'B', 'originator'],
      ['of which the second names itself and the switch does not say which was first', 'B', undefined],
    ] as const) {
      it(`legs ${what} are one call, with each end sent twice and two listeners`, async () => {
        await listen();
        await listen();
        const b = { ...legB(callUuid), ...(otherType && { 'Other-Type': otherType }) };
        send('CHANNEL_CREATE', 'A', tenant);
        send('CHANNEL_CREATE', 'B', b);
        send('CHANNEL_ANSWER', 'B', b);
        send('CHANNEL_ANSWER', 'A', { ...tenant, 'Other-Leg-Unique-ID': 'B' });
        send('CHANNEL_HANGUP_COMPLETE', 'B', { ...answeredEnd, ...b });
        send('CHANNEL_HANGUP_COMPLETE', 'A', { ...answeredEnd, 'Other-Leg-Unique-ID': 'B' });
        send('CHANNEL_HANGUP_COMPLETE', 'A', { ...answeredEnd, 'Other-Leg-Unique-ID': 'B' });
        await waitForEvents(3);
        for (const listener of listeners.splice(0)) await listener.close();
        const events = await fixture.events();
        assert.deepEqual(sorted(events), oneCall);
        assert.deepEqual(new Set(events.map(({ id }) => id)), new Set(['A']));
      });
    }
  });

  it('field case 53: ends a call once and correctly, whatever its cause and duration', async () => {
    await listen();
    const causes = [
      'NO_ANSWER',
      'USER_BUSY',
      'ORIGINATOR_CANCEL',
      'UNALLOCATED_NUMBER',
      'NONE',
      'MY_CUSTOM_DROP',
      '487',
      '',
    ];
    const billed = ['', '-1', undefined];
    for (const cause of causes)
      for (const [index, billsec] of billed.entries())
        send('CHANNEL_HANGUP_COMPLETE', `uuid-${cause}-${index}`, {
          ...tenant,
          ...(cause && { 'Hangup-Cause': cause }),
          ...(billsec !== undefined && { variable_billsec: billsec }),
          'Caller-Caller-ID-Number': index === 0 ? 'anonymous' : 'sip:alice@pbx.example.test',
        });
    const events = await waitForEvents(causes.length * billed.length);
    assert.deepEqual(new Set(types(events)), new Set(['completed']));
    for (const { id, data } of events) {
      assert.equal(data.duration_seconds, 0, id);
      assert.notEqual(data.status, 'completed', id);
      assert.equal(data.answered_at, null);
      assert.equal(data.hangup_cause, id.split('-')[1] || 'UNKNOWN');
      assert.match(String(data.from), /^(anonymous|sip:alice@pbx\.example\.test)$/);
    }
  });

  it('field case 53: survives the end of an unknown call without a tenant', async () => {
    const listener = await listen();
    send('CHANNEL_HANGUP_COMPLETE', 'uuid-unknown', { 'Hangup-Cause': 'NORMAL_CLEARING' });
    send('CHANNEL_HANGUP_COMPLETE', 'uuid-stranger', { variable_tenant_id: 'nobody' });
    send('CHANNEL_HANGUP_COMPLETE', 'uuid-known', tenant);
    assert.deepEqual(
      (await waitForEvents(1)).map(({ id }) => id),
      ['uuid-known'],
    );
    await waitFor(() => listener.callsWithoutTenant === 2, { what: 'two calls to be counted' });
    assert.equal(logged('call.no_tenant').length, 2);
  });

  it('field case 55: reports non-empty recordings, each with its own id, and logs empty ones', async () => {
    await listen();
    const stop = (path: string, headers: Record<string, string>) =>
      send('RECORD_STOP', 'uuid-1', { ...tenant, 'Record-File-Path': path, ...headers });
    stop('/r/zero.wav', { variable_record_ms: '0', variable_record_file_size: '44' });
    stop('/r/header-only.wav', { variable_record_ms: '1380880', variable_record_file_size: '44' });
    stop('/r/blank.wav', { variable_record_ms: '', variable_record_file_size: '20000' });
    stop('/r/50% off.mp3', { variable_record_ms: '1500', variable_record_file_size: '20000' });
    stop('/r/50% off.mp3', { variable_record_ms: '1500', variable_record_file_size: '20000' });
    stop('{recording_tag=second}/r/second.wav', { variable_record_ms: '2400' });
    const events = await waitForEvents(3);
    assert.deepEqual(
      events.map(({ data }) => [data.recording_url, data.duration_seconds, data.size_bytes, data.format]),
      [
        ['https://recordings.example.com/blank.wav', null, 20000, 'wav'],
        ['https://recordings.example.com/50%25%20off.mp3', 2, 20000, 'mp3'],
        ['https://recordings.example.com/second.wav', 2, null, 'wav'],
      ],
    );
    assert.equal(new Set(events.map(({ id }) => id)).size, 3);
    await waitFor(() => logged('recording.empty').length === 2, { what: 'two log lines' });
  });

  it("field case 55: raises an alarm for a recording that never stopped, and reports one that stops after the call's end", async () => {
    await listen();
    send('CHANNEL_CREATE', 'uuid-1', tenant);
    send('RECORD_START', 'uuid-1', { ...tenant, 'Record-File-Path': '/r/late.wav' });
    send('CHANNEL_HANGUP_COMPLETE', 'uuid-1', answeredEnd);
    await waitFor(() => logged('recording.no_stop').length === 1, { what: 'the alarm' });
    assert.equal(logged('recording.no_stop')[0]!.level, 'error');
    send('RECORD_STOP', 'uuid-1', { ...tenant, 'Record-File-Path': '/r/late.wav', variable_record_ms: '900' });
    const events = await waitForEvents(4);
    assert.equal(events[3]!.type, 'call.recording.completed');
  });

  it('field case 56: reports every keypress once: forty in a second, the same key twice, and no repeats', async () => {
    await listen();
    send('CHANNEL_CREATE', 'uuid-1', tenant);
    const sent: string[] = [];
    for (let index = 0; index < 40; index++) {
      sent.push('0123456789*#ABCD55'[index % 18]!);
      send('DTMF', 'uuid-1', { 'DTMF-Digit': sent.at(-1)!, 'Event-Date-Timestamp': '1795608862000000' });
    }
    sequence -= 1;
    send('DTMF', 'uuid-1', { 'DTMF-Digit': sent.at(-1)! });
    for (const key of ['f', '?', '']) send('DTMF', 'uuid-1', { 'DTMF-Digit': key });
    send('CHANNEL_HANGUP_COMPLETE', 'uuid-1', tenant);
    const events = await waitForEvents(42);
    assert.equal(types(events).at(-1), 'completed');
    assert.deepEqual(
      events.filter(({ type }) => type === 'call.dtmf').map(({ data }) => data.digit),
      sent,
    );
    assert.equal(listeners[0]!.switches[0]!.unusableEvents, 3);
  });

  it('continues after an event that can never be accepted', async () => {
    await listen();
    send('CHANNEL_CREATE', 'uuid-1', tenant);
    await waitForEvents(1);
    // An invalid digit that did not come through the listener.
    await fixture.database.pool.query(
      `insert into call_events (core_uuid, event_sequence, switch, call_sid, kind, facts)
       select core_uuid, 1000, switch, call_sid, 'key-pressed', replace(facts, '{', '{"digit":"x",') from call_events`,
    );
    sequence = 1000;
    send('CHANNEL_HANGUP_COMPLETE', 'uuid-1', tenant);
    const events = await waitForEvents(2);
    assert.deepEqual(types(events), ['initiated', 'completed']);
    assert.equal(logged('call.event_refused').length, 1);
  });

  it('stores no secrets of a call: neither masked keys nor any variable', async () => {
    await listen();
    await played.play(readFileSync('test/fixtures/freeswitch/34-dtmf-sensitive.json.esl'));
    await waitForEvents(3);
    const { rows } = await fixture.database.pool.query('select * from call_events, calls, webhook_events');
    assert.ok(rows.length > 0);
    assert.ok(!JSON.stringify(rows).includes('card_digits'));
    assert.ok(!JSON.stringify(fixture.lines).includes('+1202555'), 'no number is logged');
  });

  it('deletes handled events after two days, and everything else after the retention time', async () => {
    await listen();
    send('CHANNEL_CREATE', 'uuid-1', tenant);
    send('RECORD_START', 'uuid-1', { ...tenant, 'Record-File-Path': '/r/1.wav' });
    send('CHANNEL_CREATE', 'uuid-waits');
    await waitFor(async () => (await kept()) === '1' && (await fixture.events()).length === 1, {
      what: 'one that waits',
    });
    const { pool } = fixture.database;
    const left = async () => {
      const retention = retentionOf({ RETENTION_DAYS: 30 });
      const log = createLogger({ level: 'silent', format: 'json' });
      await new MockActivityEnvironment().run(() =>
        expire({ db: fixture.db, log, retention, auditRetentionDays: 400, statisticsRetentionDays: 400 }),
      );
      const counts = ['call_events', 'recordings', 'calls'].map(async (table) => {
        const { rows } = await pool.query<{ count: string }>(`select count(*) from ${table}`);
        return Number(rows[0]!.count);
      });
      return Promise.all(counts);
    };
    const age = async (days: number) => {
      await pool.query("update call_events set kept_at = now() - $1 * interval '1 day'", [days]);
      await pool.query("update calls set created_at = now() - $1 * interval '1 day'", [days]);
      await pool.query("update recordings set created_at = now() - $1 * interval '1 day'", [days]);
    };
    assert.deepEqual(await left(), [3, 1, 2]);
    await age(3);
    assert.deepEqual(await left(), [1, 1, 2]);
    await age(31);
    assert.deepEqual(await left(), [0, 0, 0]);
  });

  it('makes each event of random calls once, however often it arrives', async () => {
    await listen();
    await listen();
    const uuids = Array.from({ length: 30 }, () => randomUUID());
    const names = ['CHANNEL_CREATE', 'CHANNEL_ANSWER', 'CHANNEL_HANGUP_COMPLETE'];
    for (const name of names)
      for (const uuid of uuids)
        for (let times = 0; times < 2; times++) send(name, uuid, name === names[2] ? answeredEnd : tenant);
    await waitForEvents(90);
    for (const listener of listeners.splice(0)) await listener.close();
    const events = await fixture.events();
    assert.equal(events.length, 90);
    for (const uuid of uuids) assert.deepEqual(sorted(events.filter(({ id }) => id === uuid)), oneCall);
  });
});
