import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Event } from 'modesl';
import { readCallEvent, type CallEvent } from '../../../../src/sources/calls/call-event.js';
import { FrameReader } from '../../../../src/sources/calls/frame-reader.js';
import { toSoundBytes } from '../../../../src/sources/calls/sound-frame.js';

type Headers = Record<string, string | string[]>;

const asEvent = (headers: Headers): Event => ({ getHeader: (name) => headers[name] ?? null, getBody: () => '' });
const read = (headers: Headers) => readCallEvent(asEvent(headers), 'tenant_id');

function callEvent(headers: Headers): CallEvent {
  const result = read(headers);
  assert.ok(result.is === 'call-event', JSON.stringify(result));
  return result.event;
}

/** All events of a recorded stream, as modesl would return them. */
function recorded(file: string): Headers[] {
  const reader = new FrameReader();
  return [...reader.read(readFileSync(`test/fixtures/freeswitch/${file}.esl`))]
    .filter(({ contentType }) => contentType.startsWith('text/event-'))
    .map((frame) => {
      const sound = new FrameReader().read(toSoundBytes(frame)).next().value;
      assert.ok(sound);
      return JSON.parse(sound.body.toString()) as Headers;
    });
}

const first = (file: string, name: string) => recorded(file).find((headers) => headers['Event-Name'] === name)!;

const minimal = { 'Event-Name': 'DTMF', 'Core-UUID': 'core-1', 'Event-Sequence': '7', 'Unique-ID': 'uuid-1' };

describe('readCallEvent', () => {
  it("uses from and to of the call's start, not the values that an answered outbound call shows later", () => {
    for (const [file, name] of [
      ['10-outbound-answered.json', 'CHANNEL_HANGUP_COMPLETE'],
      ['10-outbound-answered.plain', 'CHANNEL_HANGUP_COMPLETE'],
      ['16-outbound-early-media.json', 'CHANNEL_ANSWER'],
    ] as const) {
      const { facts } = callEvent(first(file, name));
      assert.equal(facts.from, '+12025550101', file);
      assert.match(facts.to, /^\+1303555015?\d/, file);
      assert.equal(facts.direction, 'outbound');
    }
  });

  it("treats calls from a tenant's own phone as outbound, although the switch says inbound", () => {
    const { facts, isFirstLeg } = callEvent(first('08-registered-user-calls-out.json', 'CHANNEL_CREATE'));
    assert.deepEqual(
      [facts.direction, facts.from, facts.to, facts.tenantReference, isFirstLeg],
      ['outbound', '1001', '+13035550143', '42', true],
    );
  });

  it('reports the number first dialled even after a transfer', () => {
    assert.equal(
      callEvent(first('51-transfer-uuid_transfer.json', 'CHANNEL_HANGUP_COMPLETE')).facts.to,
      '+12025550111',
    );
  });

  it('distinguishes the first leg from later ones, even when those name another call at their end', () => {
    for (const file of [
      '22-bridge-caller-hangs-up.json',
      '35-dtmf-in-bridge-both-sides.json',
      '80-loopback-legs.json',
    ]) {
      const events = recorded(file).flatMap((headers) => {
        const result = read(headers);
        return result.is === 'call-event' ? [result.event] : [];
      });
      const firstLeg = events[0]!.callSid;
      for (const event of events) assert.equal(event.isFirstLeg, event.callSid === firstLeg, `${file} ${event.kind}`);
      assert.ok(events.some((event) => !event.isFirstLeg));
    }
  });

  it('never takes the tenant from a SIP header', () => {
    for (const headers of recorded('07-inbound-tenant-in-sip-header.json')) {
      const result = read(headers);
      if (result.is === 'call-event') assert.equal(result.event.facts.tenantReference, undefined);
    }
  });

  it('keeps no channel variables, since an IVR collects card numbers there', () => {
    for (const headers of recorded('34-dtmf-sensitive.json')) {
      const result = read(headers);
      if (result.is === 'call-event') assert.ok(!JSON.stringify(result.event).includes('1234'));
    }
  });

  it('field case 53: has no answer, time or duration if the switch gave none', () => {
    const end = { ...minimal, 'Event-Name': 'CHANNEL_HANGUP_COMPLETE', variable_answer_epoch: '0' };
    for (const billed of ['', '-1', 'NaN', undefined]) {
      const { facts } = callEvent({ ...end, ...(billed !== undefined && { variable_billsec: billed }) });
      assert.deepEqual([facts.answeredAt, facts.billedMs, facts.hangupCause], [undefined, undefined, undefined]);
    }
    assert.equal(callEvent({ ...end, variable_billsec: '7' }).facts.billedMs, 7_000);
  });

  it('field case 53: passes callers and causes through as text', () => {
    for (const from of ['anonymous', 'sip:alice@pbx.example.test', 'a"}{\u0000b']) {
      const { facts } = callEvent({ ...minimal, 'Event-Name': 'CHANNEL_CREATE', 'Caller-Caller-ID-Number': from });
      assert.equal(facts.from, from.replace('\0', '\ufffd'));
    }
    const end = { ...minimal, 'Event-Name': 'CHANNEL_HANGUP_COMPLETE', 'Hangup-Cause': 'MY_CUSTOM_DROP' };
    assert.equal(callEvent(end).facts.hangupCause, 'MY_CUSTOM_DROP');
  });

  it('field case 55: has whole numbers or null for a recording', () => {
    for (const [ms, expected] of [
      ['0', 0],
      ['', null],
      [undefined, null],
      ['1380880', 1_380_880],
      ['-1', null],
      ['1.5', null],
    ] as const) {
      const { facts } = callEvent({
        ...minimal,
        'Event-Name': 'RECORD_STOP',
        'Record-File-Path': '{recording_tag=second,tenant_id=42}/r/a b%20.wav',
        ...(ms !== undefined && { variable_record_ms: ms }),
      });
      assert.deepEqual(facts.recording, { path: '/r/a b%20.wav', durationMs: expected, sizeBytes: null });
    }
  });

  it('field case 56: accepts the sixteen keys and treats everything else as unusable', () => {
    const digit = (text: string) => read({ ...minimal, 'DTMF-Digit': text });
    for (const key of ['0', '9', '#', '*', 'A', 'D']) {
      const result = digit(key);
      assert.ok(result.is === 'call-event' && result.event.facts.digit === key, key);
    }
    const encoded = digit('%23');
    assert.ok(encoded.is === 'call-event' && encoded.event.facts.digit === '#');
    for (const key of ['f', '?', '', '12', 'E', '\u0000'])
      assert.deepEqual(digit(key), { is: 'unusable', what: 'digit' }, JSON.stringify(key));
  });

  it('field case 101: cuts a long number or name between characters, the same in all events', () => {
    const from = `${'a'.repeat(254)}😀`;
    for (const name of ['CHANNEL_CREATE', 'CHANNEL_ANSWER', 'CHANNEL_HANGUP_COMPLETE']) {
      const { facts } = callEvent({ ...minimal, 'Event-Name': name, 'Caller-Caller-ID-Number': from });
      assert.equal(facts.from, 'a'.repeat(254), name);
    }
  });

  it('field case 100: has no half character in the path of a recording', () => {
    const { facts } = callEvent({ ...minimal, 'Event-Name': 'RECORD_STOP', 'Record-File-Path': '/r/\ud83d.wav' });
    assert.equal(facts.recording!.path, '/r/\ufffd.wav');
  });

  it('field case 100: has no impossible times, and no duration longer than a year', () => {
    const far = { answered: '1000000', ended: '253370764800000000' };
    const { facts } = callEvent({
      ...minimal,
      'Event-Name': 'CHANNEL_HANGUP_COMPLETE',
      'Event-Date-Timestamp': '1795608862000000',
      'Caller-Channel-Created-Time': '1000000',
      variable_answer_uepoch: far.answered,
      variable_end_uepoch: far.ended,
      variable_billmsec: '999999999999999',
    });
    assert.deepEqual([facts.answeredAt, facts.endedAt, facts.billedMs], [undefined, undefined, undefined]);
    assert.equal(facts.startedAt, facts.occurredAt);
  });

  it('field case 95: names the leg if a recording was made on a leg other than the first', () => {
    const event = callEvent({
      ...minimal,
      'Event-Name': 'RECORD_STOP',
      'Unique-ID': 'B',
      'Channel-Call-UUID': 'A',
      'Record-File-Path': '/r/b.wav',
    });
    assert.deepEqual([event.callSid, event.leg, event.facts.leg, event.isFirstLeg], ['A', 'B', 'B', true]);
  });

  it('rejects an event without identity, or with a uuid that cannot be an event id', () => {
    for (const broken of [
      { 'Core-UUID': '' },
      { 'Event-Sequence': 'x' },
      { 'Unique-ID': '' },
      { 'Unique-ID': 'a\nb' },
      { 'Unique-ID': 'x'.repeat(101) },
    ])
      assert.equal(read({ ...minimal, 'DTMF-Digit': '1', ...broken }).is, 'unusable', JSON.stringify(broken));
  });

  it('never throws, whatever an event contains, and returns facts that Postgres can store', () => {
    const known = [
      ...['Event-Name', 'Core-UUID', 'Event-Sequence', 'Unique-ID', 'Channel-Call-UUID', 'Other-Leg-Unique-ID'],
      ...['Caller-Caller-ID-Number', 'Caller-Destination-Number', 'Event-Date-Timestamp', 'variable_end_uepoch'],
      ...['variable_tenant_id', 'DTMF-Digit', 'Record-File-Path', 'variable_record_ms', 'Hangup-Cause'],
    ];
    const value = fc.oneof(
      fc.constantFrom('CHANNEL_CREATE', 'CHANNEL_HANGUP_COMPLETE', 'RECORD_STOP', 'DTMF', '5', '%', '%ff%', '\0'),
      fc.string({ unit: 'binary' }),
      fc.array(fc.string()),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...known), value), (headers) => {
        const result = read({ 'Event-Name': 'CHANNEL_CREATE', ...headers });
        if (result.is === 'call-event') assert.ok(!JSON.stringify(result.event).includes('\\u0000'));
      }),
      { numRuns: 300 },
    );
  });
});
