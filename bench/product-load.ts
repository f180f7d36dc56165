import { randomUUID } from 'node:crypto';
import { monotonicMs } from './clock.js';
import { backlogGrew, openLoop, type OpenLoad } from './load.js';
import { arrivals } from './receiver-process.js';
import type { BenchWebhook, Rig } from './rig.js';

export interface EventStream {
  tenantId: string;
  eventType: string;
  webhook: BenchWebhook;
}

export interface EventStreamResult {
  /** From the planned time of the request to its answer. */
  acceptMs: number[];
  /** From the planned time of the request to its arrival at the receiver. */
  receiveMs: number[];
  /** Not arrived in time; in `receiveMs` they count with the time they have taken so far, so percentiles are at least that. */
  missing: number;
  backlogGrew: boolean;
  latenessMs: number[];
}

export interface StreamOptions {
  /** For what has not arrived when all are sent; default a minute. */
  timeoutMs?: number;
  /** When the last has been accepted. */
  onSent?: () => Promise<void>;
}

/** Triggers events at planned times and looks when each reaches the webhook's receiver. */
export async function streamEvents(
  rig: Rig,
  { tenantId, eventType, webhook }: EventStream,
  load: OpenLoad,
  { timeoutMs = 60_000, onSent }: StreamOptions = {},
): Promise<EventStreamResult> {
  const stream = randomUUID();
  const ids = Array.from({ length: load.count }, (_, index) => `${stream}-${index}`);
  const send = (index: number) => rig.trigger(tenantId, eventType, ids[index]!);
  return streamTo(rig, webhook.path, ids, load, send, { timeoutMs, ...(onSent && { onSent }) });
}

/** As `streamEvents`, of whatever arrives at a path of the receiver by these ids. */
export async function streamTo(
  rig: Rig,
  path: string,
  ids: readonly string[],
  load: OpenLoad,
  send: (index: number) => Promise<unknown>,
  { timeoutMs = 60_000, onSent }: StreamOptions = {},
): Promise<EventStreamResult> {
  const { plannedMs, latencyMs, latenessMs } = await openLoop(load, send);
  await onSent?.();
  const found = await arrivals(rig.receiver, path, ids, timeoutMs);
  const nowMs = monotonicMs();
  const endedMs = found.map((atMs) => atMs ?? nowMs);
  return {
    acceptMs: latencyMs,
    receiveMs: endedMs.map((atMs, index) => atMs - plannedMs[index]!),
    missing: found.filter((atMs) => atMs === undefined).length,
    backlogGrew: backlogGrew(load, plannedMs, endedMs),
    latenessMs,
  };
}

/** So many seconds at a rate, and longer where that would be too few samples. */
export const loadOf = (rate: number, seconds: number, minSamples: number): OpenLoad => ({
  rate,
  count: Math.max(Math.round(rate * seconds), minSamples),
});
