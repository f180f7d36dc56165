import { jsonEvent } from '../../src/dev/demo/played-switch.js';

/** When every played call begins, by the switches' clocks. */
export const playedStartMs = 1_795_608_862_000;

export type PlayedHeaders = Record<string, string>;

/** One run of a switch; its events are numbered consecutively. */
export interface PlayedRun {
  readonly coreUuid: string;
  /** A channel's event, `atMs` after the start, as the switch sends it. */
  event(name: string, uuid: string, atMs: number, headers?: PlayedHeaders): Buffer;
  /** The same, as headers. */
  headers(name: string, uuid: string, atMs: number, headers?: PlayedHeaders): PlayedHeaders;
  heartbeat(): Buffer;
}

export function playedRun(coreUuid: string, firstSequence = 1): PlayedRun {
  let sequence = firstSequence;
  const identity = (name: string, atMs: number): PlayedHeaders => ({
    'Event-Name': name,
    'Core-UUID': coreUuid,
    'Event-Sequence': String(sequence++),
    'Event-Date-Timestamp': playedTime(atMs),
  });
  const headers: PlayedRun['headers'] = (name, uuid, atMs, more = {}) => ({
    ...identity(name, atMs),
    'Unique-ID': uuid,
    'Channel-Call-UUID': uuid,
    'Call-Direction': 'inbound',
    'Caller-Caller-ID-Number': '+13035550142',
    'Caller-Destination-Number': '+12025550101',
    ...more,
  });
  return {
    coreUuid,
    headers,
    event: (...args) => jsonEvent(headers(...args)),
    heartbeat: () => jsonEvent(identity('HEARTBEAT', 0)),
  };
}

/** In microseconds, as the switch writes it. */
export const playedTime = (atMs: number): string => String((playedStartMs + atMs) * 1_000);

/** Headers of all events of a channel created then; `recoveredAtMs`: when a later run took the call over. */
export const madeAt = (atMs: number, { recoveredAtMs }: { recoveredAtMs?: number } = {}): PlayedHeaders => ({
  'Caller-Channel-Created-Time': playedTime(atMs),
  'Caller-Channel-Resurrect-Time': recoveredAtMs === undefined ? '0' : playedTime(recoveredAtMs),
});

export const ofTenant = (externalId: string): PlayedHeaders => ({ variable_tenant_id: externalId });

export const endedAt = (atMs: number, answeredAtMs: number | null, more: PlayedHeaders = {}): PlayedHeaders => ({
  'Hangup-Cause': 'NORMAL_CLEARING',
  variable_answer_uepoch: answeredAtMs === null ? '0' : playedTime(answeredAtMs),
  variable_end_uepoch: playedTime(atMs),
  variable_billmsec: answeredAtMs === null ? '0' : String(atMs - answeredAtMs),
  ...more,
});
