import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { jsonEvent } from '../../../../src/dev/demo/played-switch.js';
import { BadFrameError, FrameReader, type Frame } from '../../../../src/sources/calls/frame-reader.js';
import { toSoundBytes } from '../../../../src/sources/calls/sound-frame.js';

const folder = 'test/fixtures/freeswitch';

/** The frames of the stream when it arrives in these pieces. */
function framesOf(pieces: Iterable<Buffer>): Frame[] {
  const reader = new FrameReader();
  return [...pieces].flatMap((piece) => [...reader.read(piece)]);
}

const asText = (frames: Frame[]) => frames.map(({ headers, body }) => [[...headers], body.toString('latin1')]);

function cutAt(stream: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % stream.length).sort((a, b) => a - b), stream.length];
  return places.slice(1).map((end, index) => stream.subarray(places[index], end));
}

describe('frame reader', () => {
  it('field case 48: returns the same frames wherever a stream is cut', () => {
    for (const file of [
      '01-inbound-answered.json.esl',
      '62-caller-id-latin1-bytes.plain.esl',
      'A6-log-frames.plain.esl',
    ]) {
      const stream = readFileSync(`${folder}/${file}`);
      const whole = asText(framesOf([stream]));
      assert.ok(whole.length > 3);
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => {
          assert.deepEqual(asText(framesOf(cutAt(stream, cuts))), whole);
        }),
        { numRuns: 30 },
      );
    }
  });

  it('field case 48: counts bytes, not characters, and survives a cut inside one', () => {
    const stream = Buffer.concat([
      jsonEvent({ 'Event-Name': 'ONE', variable_caller_id_name: 'Łukasz 😀' }),
      jsonEvent({ 'Event-Name': 'TWO', variable_caller_id_name: 'Łukasz 😀', note: 'a: b%0A' }),
    ]);
    const emoji = stream.indexOf('😀');
    const headerEnd = stream.indexOf('\n\n');
    for (const pieces of [
      [...stream].map((byte) => Buffer.from([byte])),
      cutAt(stream, [emoji + 2]),
      cutAt(stream, [headerEnd + 1]),
      [stream],
    ]) {
      const events = framesOf(pieces).map(({ body }) => JSON.parse(body.toString()) as Record<string, string>);
      assert.deepEqual(
        events.map((event) => [event['Event-Name'], event.variable_caller_id_name]),
        [
          ['ONE', 'Łukasz 😀'],
          ['TWO', 'Łukasz 😀'],
        ],
      );
      assert.equal(events[1]!.note, 'a: b%0A');
    }
  });

  it('reads every recorded stream', () => {
    const manifest = readdirSync(folder).filter((file) => file.endsWith('.esl'));
    assert.ok(manifest.length > 90);
    for (const file of manifest) {
      const frames = framesOf([readFileSync(`${folder}/${file}`)]);
      assert.ok(frames.length > 0, file);
    }
  });

  for (const [what, frame] of [
    ['a length that is no number', 'Content-Length: abc\nContent-Type: text/event-json\n\n{}'],
    ['a negative length', 'Content-Length: -1\nContent-Type: text/event-json\n\n{}'],
    ['an event without length', 'Content-Type: text/event-json\n\n{}'],
    ['an unknown type', 'Content-Type: text/event-xml\nContent-Length: 2\n\n{}'],
    ['no type', 'Content-Length: 2\n\n{}'],
    ['a line without a name', 'Content-Type: auth/request\nhello\n\n'],
    ['a length beyond all measure', 'Content-Length: 999999999\nContent-Type: text/event-json\n\n'],
    ['endless headers', `X: ${'x'.repeat(70_000)}`],
  ] as const) {
    it(`refuses ${what}, after the frames before it`, () => {
      const reader = new FrameReader();
      const sound = jsonEvent({ 'Event-Name': 'GOOD' });
      const read: Frame[] = [];
      assert.throws(() => {
        for (const each of reader.read(Buffer.concat([sound, Buffer.from(frame)]))) read.push(each);
      }, BadFrameError);
      assert.equal(read.length, 1);
    });
  }
});

describe('valid frames', () => {
  const soundEvent = (body: string) => {
    const length = Buffer.byteLength(body);
    const [frame] = framesOf([Buffer.from(`Content-Length: ${length}\nContent-Type: text/event-plain\n\n${body}`)]);
    const [sound] = framesOf([toSoundBytes(frame!)]);
    assert.equal(sound!.contentType, 'text/event-json');
    return JSON.parse(sound!.body.toString()) as Record<string, string>;
  };

  it('field case 48: with a plain event become JSON, including its body, with everything decoded that can be', () => {
    const event = soundEvent(
      'Event-Name: X\nnote: a: b%0Ac\nname: Jos%E9 50%\nempty: _undef_\nContent-Length: 6\n\n😀ab',
    );
    assert.deepEqual(
      [event['Event-Name'], event.note, event.name, event.empty, event._body],
      ['X', 'a: b\nc', 'Jos\ufffd 50%', '', '😀ab'],
    );
  });

  it('with a reply keep its percent signs, which modesl would decode', () => {
    const [frame] = framesOf([Buffer.from('Content-Type: command/reply\nReply-Text: -ERR 50% off\n\n')]);
    const text = toSoundBytes(frame!).toString();
    const line = text.split('\n').find((each) => each.startsWith('Reply-Text: '))!;
    assert.equal(decodeURIComponent(line), 'Reply-Text: -ERR 50% off');
  });
});
