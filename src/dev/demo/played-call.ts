import { setTimeout as delay } from 'node:timers/promises';
import { jsonEvent, type PlayedSwitch } from './played-switch.js';

/**
 * Plays the events of an inbound call: it rings, an IVR answers, two keys are pressed, a recording is made, and the
 * caller hangs up. The times lie in the past, so that the call can have lasted `seconds`.
 */
export async function playCall(
  played: PlayedSwitch,
  call: { uuid: string; tenant: string; from: string; to: string; seconds: number },
): Promise<void> {
  const endedAt = Date.now();
  const answeredAt = endedAt - call.seconds * 1000;
  const createdAt = answeredAt - 2_000;
  const microseconds = (ms: number) => String(ms * 1000);
  let sequence = 0;
  const send = async (name: string, at: number, headers: Record<string, string> = {}) => {
    played.send(
      jsonEvent({
        'Event-Name': name,
        'Core-UUID': 'd3110000-0000-4000-8000-000000000000',
        'Event-Sequence': String(++sequence),
        'Event-Date-Timestamp': microseconds(at),
        'Unique-ID': call.uuid,
        'Channel-Call-UUID': call.uuid,
        'Call-Direction': 'inbound',
        'Caller-Caller-ID-Number': call.from,
        'Caller-Destination-Number': call.to,
        'Caller-Channel-Created-Time': microseconds(createdAt),
        ...headers,
      }),
    );
    // So that a person can follow.
    await delay(150);
  };
  const answered = { variable_tenant_id: call.tenant, 'Caller-Channel-Answered-Time': microseconds(answeredAt) };
  const path = `/var/lib/freeswitch/recordings/${call.uuid}.wav`;

  await send('CHANNEL_CREATE', createdAt);
  await send('CHANNEL_ANSWER', answeredAt, answered);
  await send('RECORD_START', answeredAt, { ...answered, 'Record-File-Path': path });
  await send('DTMF', answeredAt + 4_000, { 'DTMF-Digit': '2' });
  await send('DTMF', answeredAt + 4_400, { 'DTMF-Digit': '#' });
  await send('RECORD_STOP', endedAt, {
    ...answered,
    'Record-File-Path': path,
    variable_record_ms: String(call.seconds * 1000),
    variable_record_file_size: String(call.seconds * 16_000 + 44),
  });
  await send('CHANNEL_HANGUP_COMPLETE', endedAt, {
    ...answered,
    'Hangup-Cause': 'NORMAL_CLEARING',
    variable_answer_uepoch: microseconds(answeredAt),
    variable_end_uepoch: microseconds(endedAt),
    variable_billmsec: String(call.seconds * 1000),
  });
}
