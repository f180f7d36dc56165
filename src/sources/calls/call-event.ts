import type { Event } from 'modesl';
import { cutText } from './cut-text.js';
import { decodePercent, plainFormHeader } from './sound-frame.js';

/** The events that we subscribe to: everything that `readCallEvent` understands, and the heartbeat. */
export const subscribedEvents = [
  'CHANNEL_CREATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_ANSWER',
  'CHANNEL_HANGUP_COMPLETE',
  'DTMF',
  'RECORD_START',
  'RECORD_STOP',
  'HEARTBEAT',
] as const;

export type CallEventKind =
  'created' | 'progressed' | 'answered' | 'ended' | 'key-pressed' | 'recording-started' | 'recording-stopped';

const kinds = new Map<string, CallEventKind>([
  ['CHANNEL_CREATE', 'created'],
  ['CHANNEL_PROGRESS', 'progressed'],
  ['CHANNEL_PROGRESS_MEDIA', 'progressed'],
  ['CHANNEL_ANSWER', 'answered'],
  ['CHANNEL_HANGUP_COMPLETE', 'ended'],
  ['DTMF', 'key-pressed'],
  ['RECORD_START', 'recording-started'],
  ['RECORD_STOP', 'recording-stopped'],
]);

/** Selected facts of one event, never all channel variables: an IVR keeps card numbers there. Times are RFC 3339. */
export interface CallFacts {
  occurredAt: string;
  /** From the tenant's point of view. */
  direction: 'inbound' | 'outbound';
  from: string;
  to: string;
  /** The other leg, if the switch does not say which of the two was first. */
  otherLeg?: string;
  /** For a recording: the leg on which it was made, if not the call's first one. The facts are then that leg's. */
  leg?: string;
  /** The event carries no channel variables, so it is unknown whether the call is inbound. */
  isBare?: true;
  /** When the switch made the channel: the same in all events of a channel, and different if its uuid is reused. */
  createdMs?: number;
  /** Whether the channel was taken over from a run of a switch that had crashed; undefined: the switch did not say. */
  wasRecovered?: boolean;
  /** The value that the dialplan wrote into the tenant's channel variable. */
  tenantReference?: string;
  startedAt: string;
  answeredAt?: string;
  endedAt?: string;
  hangupCause?: string;
  /** From answer to end; absent when the switch did not say. */
  billedMs?: number;
  digit?: string;
  recording?: { path: string; durationMs: number | null; sizeBytes: number | null };
}

export interface CallEvent {
  /** Identifies one run of the switch. Together with the sequence it identifies the event, for every listener alike. */
  coreUuid: string;
  sequence: number;
  /** The uuid of the call's first leg, as the switch named it. */
  callSid: string;
  /** False: an event of a further leg, unless that leg is already a call of its own. */
  isFirstLeg: boolean;
  /** The leg on which it happened, if it is another one. If that leg is a call of its own, the event is that call's. */
  leg: string | null;
  kind: CallEventKind;
  facts: CallFacts;
}

export type ReadEvent =
  | { is: 'call-event'; event: CallEvent }
  /** Not used: a heartbeat, or an event that we did not subscribe to. */
  | { is: 'other' }
  /** An event of a call that cannot be used. `what` says which part was unusable, without its value. */
  | { is: 'unusable'; what: string };

/** Never throws, whatever the event contains. */
export function readCallEvent(event: Event, tenantVariable: string): ReadEvent {
  const header = (name: string): string | undefined => {
    const value = event.getHeader(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const kind = kinds.get(header('Event-Name') ?? '');
  if (!kind) return { is: 'other' };
  const coreUuid = header('Core-UUID');
  const sequence = count(header('Event-Sequence'));
  if (!coreUuid || !isId(coreUuid) || sequence === null) return { is: 'unusable', what: 'identity' };
  const leg = header('Unique-ID');
  if (!leg || !isId(leg)) return { is: 'unusable', what: 'uuid' };

  const facts = readFacts(kind, header, tenantVariable);
  const { first, isFirstLeg } = firstLegOf(leg, header);
  if (kind === 'key-pressed') {
    const digit = decodePercent(header('DTMF-Digit') ?? '').toUpperCase();
    if (!/^[0-9A-D*#]$/.test(digit)) return { is: 'unusable', what: 'digit' };
    facts.digit = digit;
  }
  if (kind === 'ended') Object.assign(facts, readEnd(header));
  if (kind === 'answered') facts.answeredAt ??= facts.occurredAt;
  if (kind === 'recording-started' || kind === 'recording-stopped') {
    const path = recordingPath(header('Record-File-Path'));
    if (!path) return { is: 'unusable', what: 'recording path' };
    facts.recording = {
      path,
      durationMs: count(header('variable_record_ms')),
      sizeBytes: count(header('variable_record_file_size')),
    };
    // A recording belongs to the call, whichever leg it was made on.
    const otherLeg = first === leg ? null : leg;
    if (otherLeg) facts.leg = otherLeg;
    return {
      is: 'call-event',
      event: { coreUuid, sequence, callSid: first, isFirstLeg: true, leg: otherLeg, kind, facts },
    };
  }
  return { is: 'call-event', event: { coreUuid, sequence, callSid: leg, isFirstLeg, leg: null, kind, facts } };
}

type Header = (name: string) => string | undefined;

function readFacts(kind: CallEventKind, header: Header, tenantVariable: string): CallFacts {
  const isPlain = header(plainFormHeader) !== undefined;
  // In JSON, an outbound leg's number comes as mod_sofia stores it: `%2B1303…`.
  const number = (name: string) => {
    const value = header(name);
    return value === undefined ? undefined : storable(isPlain ? value : decodePercent(value));
  };
  const occurredAt = microseconds(header('Event-Date-Timestamp')) ?? new Date();
  const near = timesNear(header);
  const answeredAt = near(microseconds(header('Caller-Channel-Answered-Time')));
  const createdAt = near(microseconds(header('Caller-Channel-Created-Time')));
  const resurrectTime = header('Caller-Channel-Resurrect-Time');
  const tenantReference = header(`variable_${tenantVariable}`);
  const otherLeg = header('Other-Type') === undefined ? header('Other-Leg-Unique-ID') : undefined;
  const originalCaller = number('Caller-Orig-Caller-ID-Number');
  const wasTransferred = (count(header('Caller-Profile-Index')) ?? 1) > 1;
  return {
    occurredAt: occurredAt.toISOString(),
    // To the switch, a tenant's own phone that dials out is inbound. Its login gives it away.
    direction:
      header('Call-Direction') === 'outbound' || header('variable_user_name') !== undefined ? 'outbound' : 'inbound',
    // Later events of an outbound call show the callee as the caller; the original caller is then in another header.
    from: (kind === 'created' ? undefined : originalCaller) ?? number('Caller-Caller-ID-Number') ?? '',
    to: (wasTransferred ? number('Caller-RDNIS') : undefined) ?? number('Caller-Destination-Number') ?? '',
    startedAt: (createdAt ?? occurredAt).toISOString(),
    ...(createdAt && { createdMs: createdAt.getTime() }),
    ...(resurrectTime !== undefined && { wasRecovered: resurrectTime !== '0' }),
    // Every other event has variables; a key press has them only if the dialplan enabled verbose events.
    ...(kind === 'key-pressed' && !tenantReference && header('variable_uuid') === undefined && { isBare: true }),
    ...(answeredAt && { answeredAt: answeredAt.toISOString() }),
    ...(tenantReference && { tenantReference: storable(tenantReference) }),
    ...(otherLeg && isId(otherLeg) && { otherLeg }),
  };
}

function readEnd(header: Header): Partial<CallFacts> {
  const near = timesNear(header);
  const answeredAt =
    near(microseconds(header('variable_answer_uepoch'))) ?? near(seconds(header('variable_answer_epoch')));
  const endedAt =
    near(microseconds(header('variable_end_uepoch'))) ??
    near(seconds(header('variable_end_epoch'))) ??
    near(microseconds(header('Caller-Channel-Hangup-Time')));
  const billedSeconds = count(header('variable_billsec'));
  const billed = count(header('variable_billmsec')) ?? (billedSeconds === null ? null : billedSeconds * 1000);
  const billedMs = billed !== null && billed <= maxCallMs ? billed : null;
  const hangupCause = header('Hangup-Cause') ?? header('variable_hangup_cause');
  return {
    ...(answeredAt && { answeredAt: answeredAt.toISOString() }),
    ...(endedAt && { endedAt: endedAt.toISOString() }),
    ...(billedMs !== null && { billedMs }),
    ...(hangupCause && { hangupCause: storable(hangupCause) }),
  };
}

/**
 * A leg that was made for another one usually shows it by the shared call uuid. At its end, and in rare cases from its
 * beginning, the call uuid is its own, but the originator is still named. The far half of a loopback has neither.
 */
function firstLegOf(leg: string, header: Header): { first: string; isFirstLeg: boolean } {
  const call = header('Channel-Call-UUID');
  const originator =
    header('variable_originator') ??
    (header('Other-Type') === 'originator' ? header('Other-Leg-Unique-ID') : undefined) ??
    (header('Other-Type') === undefined && header('Call-Direction') === 'outbound'
      ? header('Other-Leg-Unique-ID')
      : undefined);
  const isFarHalf = header('variable_loopback_leg') === 'B' || /^loopback\/.*-b$/.test(header('Channel-Name') ?? '');
  const first =
    call !== undefined && call !== leg
      ? call
      : (originator ?? (isFarHalf ? header('variable_other_loopback_leg_uuid') : undefined) ?? leg);
  return { first: isId(first) ? first : leg, isFirstLeg: first === leg && !isFarHalf };
}

/** FreeSWITCH puts its options for the file before the path: `{name=value}/path`. */
function recordingPath(value: string | undefined): string | undefined {
  const path = value?.replace(/^(\{[^}]*\})+/, '');
  // cutText makes it well formed: it becomes part of a url, which a lone surrogate cannot.
  return path && path.length <= 1024 && !path.includes('\0') ? cutText(path, 1024) : undefined;
}

/** Uuids become event ids, keys and headers; `origination_uuid` can set them to any text. */
const isId = (text: string) => text.length <= 100 && /^[\x21-\x7e]+$/.test(text);

/** Anything longer is not a number or a cause. */
const storable = (text: string) => cutText(text, 255);

/** A whole number from 0 up, else null: never NaN, never -1. */
function count(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return null;
  return Number(text);
}

const dayMs = 24 * 60 * 60 * 1000;
const maxCallMs = 366 * dayMs;

/** Keeps a time of the call only if it is plausible: within a year before the event, by the same clock. */
function timesNear(header: Header): (time: Date | undefined) => Date | undefined {
  const occurredAt = microseconds(header('Event-Date-Timestamp'))?.getTime();
  return (time) => {
    if (!time || occurredAt === undefined) return time;
    const beforeMs = occurredAt - time.getTime();
    return beforeMs >= -dayMs && beforeMs <= maxCallMs ? time : undefined;
  };
}

const latest = Date.UTC(9999, 0);

/** 0 means never. */
export function microseconds(text: string | undefined): Date | undefined {
  const value = Math.floor((Number(/^\d{1,17}$/.test(text ?? '') ? text : 0) || 0) / 1000);
  return value > 0 && value < latest ? new Date(value) : undefined;
}

function seconds(text: string | undefined): Date | undefined {
  return microseconds(text === undefined ? undefined : `${text}000000`);
}
