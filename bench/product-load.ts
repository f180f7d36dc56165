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
  /** From the planned time of the request to its response. */
  acceptMs: number[];
  /** From the planned time of the request to its arrival at the receiver. */
  receiveMs: number[];
  /** Events that did not arrive in time. `receiveMs` has their time so far, so percentiles are lower bounds. */
  missing: number;
  backlogGrew: boolean;
  latenessMs: number[];
}

export interface StreamOptions {
  /** How long to wait for arrivals once all are sent; default a minute. */
  timeoutMs?: number;
  /** Called when the last has been accepted. */
  onSent?: () => Promise<void>;
}

/** Triggers events at planned times and notes when each reaches the webhook's receiver. */
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

/** Like `streamEvents`, for anything that arrives at a path of the receiver under these ids. */
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

/** A load of `seconds` at a rate, or longer if that would give fewer than `minSamples`. */
export const loadOf = (rate: number, seconds: number, minSamples: number): OpenLoad => ({
  rate,
  count: Math.max(Math.round(rate * seconds), minSamples),
});
