import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { attemptOutcomes } from '../delivery/outcome.js';

/**
 * What this process counts, whoever reads it. No label names a tenant, a webhook or anything else of which there may be
 * any number.
 */
export const counted = new Registry();
const registers = [counted];

export const eventsAccepted = new Counter({
  name: 'irisx_events_accepted_total',
  help: 'Events accepted by this process, without repeats and tests.',
  labelNames: ['event_type'],
  registers,
});

const ends = ['delivered', 'failed', 'expired', 'cancelled'] as const;
const deliveriesEnded = new Counter({
  name: 'irisx_deliveries_ended_total',
  help: 'Deliveries that this process saw end, by outcome.',
  labelNames: ['outcome'],
  registers,
});

export const attemptDuration = new Histogram({
  name: 'irisx_attempt_duration_seconds',
  help: 'Duration of requests to receivers, by outcome: 2xx to 5xx, or why there was no response.',
  labelNames: ['outcome'],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  registers,
});

export const firstAttemptDelay = new Histogram({
  name: 'irisx_first_attempt_delay_seconds',
  help: 'From the acceptance of an event to the first request of a delivery, waits for a rate limit or a pause included.',
  buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200],
  registers,
});

export const startedBySweeper = new Counter({
  name: 'irisx_sweeper_started_total',
  help: 'Deliveries that the sweeper started: never started before, or overdue since their workflow was lost.',
  labelNames: ['reason'],
  registers,
});

// A rate is known from the first event on only if the counter was 0 before.
for (const outcome of ends) deliveriesEnded.inc({ outcome }, 0);
for (const outcome of attemptOutcomes) attemptDuration.zero({ outcome });
for (const reason of ['unstarted', 'overdue']) startedBySweeper.inc({ reason }, 0);

/** Counts deliveries that ended; does nothing for a status that is no end. */
export function countEnded(status: string, count = 1): void {
  const outcome = ends.find((end) => end === status);
  if (outcome) deliveriesEnded.inc({ outcome }, count);
}

let hasProcessMetrics = false;

/** Adds the process' own: CPU, memory, garbage collection, delay of the event loop. They cost a little all the time. */
export function countProcess(): void {
  if (hasProcessMetrics) return;
  hasProcessMetrics = true;
  collectDefaultMetrics({ register: counted });
}
