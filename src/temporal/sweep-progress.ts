import type { ScheduleDescription } from '@temporalio/client';
import type { TemporalProblem } from './failure.js';

/** The sweep runs every 10 s. */
const maxIdleMs = 120_000;
/** A sweep ends by itself after three minutes. */
const maxRunMs = 240_000;

/** The sweep as its Schedule shows it, by Temporal's clock. */
export interface SweepState {
  /** When the last one began; null: none has. */
  lastRunAt: Date | null;
  isRunning: boolean;
  isPaused: boolean;
}

/** Compares successive checks of the sweep's Schedule, and notices when due sweeps do not start or do not end. */
export class SweepProgress {
  #last: { mark: string; sinceMs: number } | undefined;
  #state: SweepState | null = null;

  /** `now`: the clock of this process. It is never compared with Temporal's times. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** As of the last check; null: the Schedule could not be checked. */
  get state(): SweepState | null {
    return this.#state;
  }

  /** `found` undefined: the Schedule could not be checked. Resets the time, as a paused Schedule does. */
  problem(found: ScheduleDescription | undefined): TemporalProblem | undefined {
    this.#state = found ? stateOf(found) : null;
    if (!found || found.state.paused) {
      this.#last = undefined;
      return undefined;
    }
    const { numActionsTaken, runningActions } = found.info;
    const running = runningActions[0]?.workflow.firstExecutionRunId;
    const mark = `${numActionsTaken} ${running ?? 'none'}`;
    if (this.#last?.mark !== mark) this.#last = { mark, sinceMs: this.now() };
    const lastsMs = this.now() - this.#last.sinceMs;
    if (lastsMs <= (running === undefined ? maxIdleMs : maxRunMs)) return undefined;
    const minutes = Math.floor(lastsMs / 60_000);
    return running === undefined
      ? {
          what: `The sweep has not run for ${minutes} minutes: deliveries that have not started yet will not start`,
          remedy: `check the Schedule: temporal schedule describe --schedule-id ${found.scheduleId}`,
        }
      : {
          what: `The sweep has been running for ${minutes} minutes: deliveries that have not started yet wait`,
          remedy: `check whether a worker polls its task queue: temporal workflow describe --workflow-id ${runningActions[0]!.workflow.workflowId}`,
        };
  }
}

const stateOf = ({ info, state }: ScheduleDescription): SweepState => ({
  lastRunAt: info.recentActions.at(-1)?.takenAt ?? null,
  isRunning: info.runningActions.length > 0,
  isPaused: state.paused,
});
