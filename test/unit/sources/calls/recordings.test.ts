import assert from 'node:assert/strict';
import { formatOf, isEmptyRecording, recordingEventId } from '../../../../src/events/recording.js';
import { recordingUrl } from '../../../../src/sources/calls/recordings.js';

describe('recordings', () => {
  it('get their url from the file, with each part percent-encoded', () => {
    const file = { callSid: 'uuid-1', path: '/var/recordings/2026 11/50% off#1.wav' };
    assert.equal(
      recordingUrl('https://r.example.com/{path}', file),
      'https://r.example.com/var/recordings/2026%2011/50%25%20off%231.wav',
    );
    assert.equal(recordingUrl('https://r.example.com/{file}', file), 'https://r.example.com/50%25%20off%231.wav');
    assert.equal(
      recordingUrl('https://r.example.com/{call_sid}/{file}?c={call_sid}', { ...file, path: 'a.wav' }),
      'https://r.example.com/uuid-1/a.wav?c=uuid-1',
    );
  });

  it('field case 100: get a url for any path', () => {
    const file = { callSid: 'uuid-1', path: '/r/\ud83d.wav' };
    assert.equal(recordingUrl('https://r.example.com/{file}', file), 'https://r.example.com/%EF%BF%BD.wav');
  });

  it("have the format of the file's name", () => {
    for (const [file, format] of [
      ['/a/b.wav', 'wav'],
      ['/a/b.MP3', 'mp3'],
      ['/a.b/c', 'unknown'],
      ['/a/.wav', 'unknown'],
      ['/a/b.{x}', 'unknown'],
    ] as const)
      assert.equal(formatOf(file), format, file);
  });

  it('field case 55: are empty at a length of 0 or with only a header, whatever length is claimed', () => {
    assert.ok(isEmptyRecording({ durationMs: 0, sizeBytes: null }));
    assert.ok(isEmptyRecording({ durationMs: 1_380_880, sizeBytes: 44 }));
    assert.ok(isEmptyRecording({ durationMs: null, sizeBytes: 0 }));
    assert.ok(!isEmptyRecording({ durationMs: null, sizeBytes: null }), 'unknown is not empty');
    assert.ok(!isEmptyRecording({ durationMs: 20, sizeBytes: 364 }));
  });

  it('have ids by path that are valid event ids, however long the path is', () => {
    const long = recordingEventId('uuid-1', `/${'x'.repeat(1000)}`);
    assert.ok(long.length < 255);
    assert.notEqual(long, recordingEventId('uuid-1', `/${'x'.repeat(999)}`));
    assert.equal(long, recordingEventId('uuid-1', `/${'x'.repeat(1000)}`));
  });
});
