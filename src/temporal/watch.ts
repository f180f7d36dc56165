import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { TemporalConfig } from '../config/temporal.js';
import type { Logger } from '../log.js';
import { OnceAMinute } from '../once-a-minute.js';
import { failureProblem, temporalFailure, type TemporalProblem } from './failure.js';
import { SweepProgress, type SweepState } from './sweep-progress.js';
import { checkSchedule, checkSearchAttributes, expectedSchedules } from './setup.js';

export interface TemporalWatchDeps {
  /** Not the worker's client, so that it works even if the worker fails. */
  client: Client;
  temporal: TemporalConfig;
  log: Logger;
  /** A process with a worker creates what is missing; others only report it. */
  repairs: boolean;
  /** Whether Twilio's list is to be compared. */
  messages: boolean;
  /** Default 30 s, and 10 s while something is wrong. */
  everyMs?: number;
}

const everyMs = 30_000;
const everyMsWithProblems = 10_000;
const minMs = 3_000;
/** Timeout of one call. */
const callDeadlineMs = 5_000;

/**
 * Checks regularly whether Temporal has what deliveries need: the namespace, the search attributes, the Schedules.
 * Temporal may be rebuilt, emptied or changed at any time. A problem is logged immediately, then once a minute.
 */
export class TemporalWatch {
  readonly #sweep = new SweepProgress();
  readonly #onceAMinute = new OnceAMinute();
  readonly #running: Promise<void>;
  #problems: readonly TemporalProblem[] = [];
  #isClosed = false;
  #isDue = false;
  #isIdle = false;
  /** Aborts one call or delay. Each has its own, since one signal for all would keep a listener of each. */
  #step = new AbortController();

  constructor(private readonly deps: TemporalWatchDeps) {
    this.#running = this.#run();
  }

  /** As of the last check. */
  get problems(): readonly TemporalProblem[] {
    return this.#problems;
  }

  /** Null: it is not known, since Temporal did not answer the last check or has no such Schedule. */
  get sweepState(): SweepState | null {
    return this.#sweep.state;
  }

  /** Call it when Temporal refused something: the next check comes within seconds. Cheap to call often. */
  checkSoon(): void {
    this.#isDue = true;
    if (this.#isIdle) this.#step.abort();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#step.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#isDue = false;
      const problems = await this.#check();
      if (this.#isClosed) return;
      this.#report(problems);
      const usualMs = this.deps.everyMs ?? (problems.length > 0 ? everyMsWithProblems : everyMs);
      // However often `checkSoon` is called, checks are at least this far apart.
      await this.#sleep(Math.min(usualMs, minMs));
      if (this.#isDue) continue;
      this.#isIdle = true;
      // Jitter: workers that started together must not keep checking at the same time.
      await this.#sleep(usualMs * (0.8 + 0.4 * Math.random()) - minMs);
      this.#isIdle = false;
    }
  }

  #nextStep(): AbortSignal {
    this.#step = new AbortController();
    if (this.#isClosed) this.#step.abort();
    return this.#step.signal;
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#nextStep(), ref: false }).catch(() => undefined);
  }

  async #check(): Promise<TemporalProblem[]> {
    const { client, temporal, repairs, messages } = this.deps;
    const { namespace } = temporal;
    const target = { client, namespace, repairs };
    const ask = <T>(call: () => Promise<T>) =>
      client.withAbortSignal(this.#nextStep(), () => client.withDeadline(Date.now() + callDeadlineMs, call));
    const problems: TemporalProblem[] = [];
    let isUnknown = true;
    try {
      await ask(() => client.workflowService.describeNamespace({ namespace }));
      problems.push(...(await ask(() => checkSearchAttributes(target))));
      for (const schedule of expectedSchedules(temporal.taskQueue, { messages })) {
        const checked = await ask(() => checkSchedule(target, schedule));
        problems.push(...checked.problems);
        if (schedule.workflowType !== 'sweepDeliveries') continue;
        const stuck = this.#sweep.problem(checked.found);
        if (stuck) problems.push(stuck);
        isUnknown = false;
      }
    } catch (error) {
      problems.push(failureProblem(temporalFailure(error), namespace));
    }
    // What happened meanwhile is unknown, so the time starts again.
    if (isUnknown) this.#sweep.problem(undefined);
    return problems;
  }

  #report(problems: TemporalProblem[]): void {
    const { log } = this.deps;
    const before = this.#problems;
    this.#problems = problems;
    // By remedy: the same problem may be worded differently each time.
    for (const { what, remedy, detail } of problems)
      if (this.#onceAMinute.isDue(remedy)) log.warn({ problem: what, remedy, detail }, 'temporal.problem');
    const over = this.#onceAMinute.keepOnly(problems.map(({ remedy }) => remedy));
    for (const { what, remedy } of before)
      if (over.includes(remedy)) log.info({ problem: what }, 'temporal.problem_gone');
  }
}
