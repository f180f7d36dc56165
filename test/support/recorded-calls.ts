/**
 * What happened in each recorded stream: who called, who was called, and how each call ended. Written down by hand when
 * the streams were recorded; nothing here comes from the code under test.
 */
export interface RecordedCall {
  /** Default 42. */
  tenant?: '42' | '77';
  direction?: 'inbound' | 'outbound';
  from?: string;
  to: string;
  /** The expected events, in order; `keys` stands for as many events as there are keys. */
  triggered: ('initiated' | 'answered' | 'keys' | 'recording' | 'completed')[];
  keys?: string;
  /** Status, cause, seconds from answer to end. */
  end?: [status: string, cause: string, seconds: number];
  /** The end of the file's name, seconds, bytes. */
  recordings?: [file: string, seconds: number, bytes: number][];
}

const alice = '+13035550142';
const whole: RecordedCall['triggered'] = ['initiated', 'answered', 'completed'];
const unanswered: RecordedCall['triggered'] = ['initiated', 'completed'];
const withKeys: RecordedCall['triggered'] = ['initiated', 'answered', 'keys', 'completed'];
const withRecording: RecordedCall['triggered'] = ['initiated', 'answered', 'recording', 'completed'];

/** A normal end. */
const cleared = (seconds: number): RecordedCall['end'] => ['completed', 'NORMAL_CLEARING', seconds];

const inbound = (
  to: string,
  triggered: RecordedCall['triggered'],
  end?: RecordedCall['end'],
  more: Partial<RecordedCall> = {},
) => [{ direction: 'inbound', from: alice, to, triggered, ...(end && { end }), ...more } satisfies RecordedCall];
const outbound = (
  to: string,
  triggered: RecordedCall['triggered'],
  end: RecordedCall['end'],
  more: Partial<RecordedCall> = {},
) => [
  { direction: 'outbound', from: '+12025550101', to, triggered, ...(end && { end }), ...more } satisfies RecordedCall,
];

export const recordedCalls: Record<string, RecordedCall[]> = {
  '01-inbound-answered': inbound('+12025550101', whole, cleared(3)),
  // 1540 ms: 2 s, rounded once
  '02-inbound-answered-caller-hangs-up': inbound('+12025550111', whole, cleared(2)),
  '03-inbound-busy': inbound('+12025550103', unanswered, ['busy', 'USER_BUSY', 0]),
  '04-inbound-caller-cancels': inbound('+12025550102', unanswered, ['canceled', 'ORIGINATOR_CANCEL', 0]),
  // No tenant in any event, and the numbers are unassigned, so there are no events.
  '05-inbound-no-route': [],
  '06-inbound-no-tenant': [],
  '07-inbound-tenant-in-sip-header': [],
  '08-registered-user-calls-out': outbound('+13035550143', whole, cleared(3), { from: '1001' }),
  '10-outbound-answered': outbound('+13035550143', whole, cleared(3)),
  '11-outbound-busy': outbound('+13035550151', unanswered, ['busy', 'USER_BUSY', 0]),
  '12-outbound-no-answer': outbound('+13035550152', unanswered, ['no-answer', 'NO_ANSWER', 0]),
  '13-outbound-unallocated': outbound('+13035550153', unanswered, ['failed', 'UNALLOCATED_NUMBER', 0]),
  '14-outbound-rejected': outbound('+13035550156', unanswered, ['failed', 'CALL_REJECTED', 0]),
  '15-outbound-gateway-down': outbound('+13035550143', unanswered, ['failed', 'NORMAL_TEMPORARY_FAILURE', 0]),
  '16-outbound-early-media': outbound('+13035550155', whole, cleared(1)),
  '20-bridge-tenant-on-a-leg-only': inbound('+12025550105', whole, cleared(3)),
  '21-bridge-tenant-exported': inbound('+12025550106', whole, cleared(3)),
  '22-bridge-caller-hangs-up': inbound('+12025550106', whole, cleared(1)),
  '23-bridge-hunt-no-leg-answers': inbound('+12025550122', unanswered, ['no-answer', 'NORMAL_CLEARING', 0]),
  '25-bridge-fork-one-answers': inbound('+12025550124', whole, cleared(3)),
  '30-dtmf-rtp-in-ivr': inbound('+12025550108', withKeys, cleared(8), { keys: '12#*A' }),
  '31-dtmf-injected-uuid_recv_dtmf': inbound('+12025550108', withKeys, cleared(7), { keys: '12#*A' }),
  '32-dtmf-sent-by-platform-uuid_send_dtmf': inbound('+12025550111', whole, cleared(3)),
  '33-dtmf-verbose-events': inbound('+12025550113', withKeys, cleared(7), { keys: '12#*A' }),
  '34-dtmf-sensitive': inbound('+12025550115', whole, cleared(6)),
  // Both parties press keys; only those of the first leg count.
  '35-dtmf-in-bridge-both-sides': inbound('+12025550125', withKeys, cleared(4), { keys: '12' }),
  '36-dtmf-during-sleep-app': inbound('+12025550119', whole, cleared(1)),
  '37-dtmf-same-digit-fast': inbound('+12025550108', withKeys, cleared(7), { keys: '55555' }),
  '38-dtmf-sip-info': inbound('+12025550108', withKeys, cleared(3), { keys: '12#*A' }),
  '40-record_session': inbound('+12025550104', withRecording, cleared(3), {
    recordings: [['f7af8e99-b381-4cde-8919-8954edfe9775.wav', 3, 48044]],
  }),
  '41-record-app': inbound('+12025550112', withRecording, cleared(3), {
    recordings: [['voicemail-255085df-6250-49c4-af0b-f4d86801790f.wav', 2, 38124]],
  }),
  '42-two-recordings-one-call': inbound(
    '+12025550114',
    ['initiated', 'answered', 'recording', 'recording', 'completed'],
    cleared(3),
    {
      recordings: [
        ['601e5d22-9353-49d3-8c78-a7bbb4ea84d5-1.wav', 1, 32044],
        ['601e5d22-9353-49d3-8c78-a7bbb4ea84d5-2.wav', 2, 48044],
      ],
    },
  ),
  '43-bridge-recorded-stereo': inbound('+12025550118', withRecording, cleared(3), {
    recordings: [['06096b4e-9d6b-460f-94e2-c3c094ee65d9.wav', 3, 96044]],
  }),
  '44-record-uuid_record-start-stop': inbound('+12025550111', withRecording, cleared(3), {
    recordings: [['manual-7c926b97-06ba-4359-8354-fcb9554fbe7c.wav', 2, 32364]],
  }),
  '45-record-cannot-open-file': inbound('+12025550121', whole, cleared(1)),
  '50-transfer-by-dialplan': inbound('+12025550107', whole, cleared(2)),
  '51-transfer-uuid_transfer': inbound('+12025550111', whole, cleared(2)),
  '60-caller-id-unicode': [],
  '61-caller-id-percent': [],
  '62-caller-id-latin1-bytes': [],
  '63-caller-id-anonymous': [],
  '64-odd-variables': inbound('+12025550116', whole, cleared(1)),
  '65-caller-id-ascii-percent-sequences': [],
  // The variable changes to 43 mid-call, but a call stays with one tenant.
  '67-variable-with-literal-percent': inbound('+12025550111', whole, cleared(0)),
  '70-killed-custom-cause': inbound('+12025550111', whole, ['completed', 'CALL_REJECTED', 1]),
  '71-killed-unknown-cause': inbound('+12025550111', whole, cleared(1)),
  '72-max-duration': inbound('+12025550117', whole, ['completed', 'ALLOTTED_TIMEOUT', 2]),
  '73-hangup-cause-607': inbound('+12025550127', whole, ['completed', 'UNKNOWN', 2]),
  '74-hangup-with-q850-reason': inbound('+12025550111', whole, ['completed', 'NORMAL_UNSPECIFIED', 2]),
  // One call, although each half of a loopback looks like a call.
  '80-loopback-legs': outbound('+12025550101', whole, cleared(3), { from: '0000000000' }),
  '81-filter-on-tenant': inbound('+12025550108', ['answered', 'completed'], cleared(6)),
  '82-filter-on-event-names': inbound('+12025550101', ['answered', 'completed'], cleared(3)),
  '83-heartbeats': [],
  '90-all-events-inbound-answered': inbound('+12025550101', whole, cleared(3)),
  '91-all-events-bridge': inbound('+12025550106', whole, cleared(3)),
  '92-concurrent-calls-two-tenants': [
    ...inbound('+12025550101', whole, cleared(3)),
    ...inbound('+12025550103', unanswered, ['busy', 'USER_BUSY', 0], { from: '+13035550145' }),
    ...inbound('+12025550106', whole, cleared(3), { from: '+13035550146' }),
    ...inbound('+12025550104', withRecording, cleared(3), {
      from: '+13035550148',
      recordings: [['fa6fce40-12dd-4741-a837-65de3de1eefe.wav', 3, 48044]],
    }),
    ...outbound('+13035550143', whole, cleared(3), { tenant: '77', from: '+12025550130' }),
    ...outbound('+13035550151', unanswered, ['busy', 'USER_BUSY', 0], { tenant: '77', from: '+12025550130' }),
  ],
  '93-subscribed-mid-call': inbound('+12025550108', ['keys', 'completed'], cleared(3), { keys: '7' }),
  'A1-auth-failure': [],
  'A2-auth-timeout': [],
  'A3-command-before-auth': [],
  'A4-command-replies': [],
  'A5-bgapi-background-job': [],
  'A6-log-frames': [],
  'A7-acl-rejected': [],
  'S1-shutdown-fsctl-during-call': inbound('+12025550111', whole, ['completed', 'SYSTEM_SHUTDOWN', 1]),
  'S2-shutdown-sigterm-during-call': inbound('+12025550111', whole, ['completed', 'SYSTEM_SHUTDOWN', 1]),
  'S3-killed-sigkill-during-call': inbound('+12025550111', ['initiated', 'answered']),
  'S4-shutdown-elegant-waits-for-call': inbound('+12025550111', whole, cleared(4)),
  'S5-mod_event_socket-reload': inbound('+12025550111', ['initiated', 'answered']),
  'S6-slow-consumer-killed': [],
};

/** By stream, the number of ended calls that named no tenant. They make no events. */
export const callsWithoutOwner: Record<string, number> = {
  '05-inbound-no-route': 1,
  '06-inbound-no-tenant': 1,
  '07-inbound-tenant-in-sip-header': 1,
  '60-caller-id-unicode': 1,
  '61-caller-id-percent': 1,
  '62-caller-id-latin1-bytes': 1,
  '63-caller-id-anonymous': 1,
  '65-caller-id-ascii-percent-sequences': 1,
  '92-concurrent-calls-two-tenants': 1,
};
