import type { ScheduleDescription } from '@temporalio/client';
import type { TemporalProblem } from './failure.js';

/** It runs every 10 s. */
const longestPauseMs = 120_000;
/** It ends after three minutes by itself. */
const longestRunMs = 240_000;

/** Notices, from one look at the sweep's Schedule to the next, that sweeps are due and do not come, or do not end. */
export class SweepProgress {
  #last: { mark: string; sinceMs: number } | undefined;

  /** `now`: of this process alone. No time of Temporal's is compared with ours. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Undefined: it could not be looked at, or nothing is due. */
  problem(found: ScheduleDescription | undefined): TemporalProblem | undefined {
    if (!found || found.state.paused) {
      this.#last = undefined;
      return undefined;
    }
    const { numActionsTaken, runningActions } = found.info;
    const running = runningActions[0]?.workflow.firstExecutionRunId;
    const mark = `${numActionsTaken} ${running ?? 'none'}`;
    if (this.#last?.mark !== mark) this.#last = { mark, sinceMs: this.now() };
    const lastsMs = this.now() - this.#last.sinceMs;
    if (lastsMs <= (running === undefined ? longestPauseMs : longestRunMs)) return undefined;
    const minutes = Math.floor(lastsMs / 60_000);
    return running === undefined
      ? {
          what: `The sweep has not run for ${minutes} minutes: deliveries that were not started stay so`,
          remedy: `look at the Schedule: temporal schedule describe --schedule-id ${found.scheduleId}`,
        }
      : {
          what: `The sweep has been running for ${minutes} minutes: deliveries that were not started wait`,
          remedy: `see whether a worker polls its queue: temporal workflow describe --workflow-id ${runningActions[0]!.workflow.workflowId}`,
        };
  }
}
