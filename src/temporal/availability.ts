import { isGrpcDeadlineError } from '@temporalio/client';
import type { Logger } from 'pino';
import { OnceAMinute } from '../once-a-minute.js';
import { temporalFailure } from './failure.js';

/**
 * Timeout of a call that starts a workflow; by default the client would retry for 20 s. Not shorter: Temporal answers late under load, and a
 * workflow whose start timed out still runs, but its first task is lost for 10 s.
 */
export const callTimeoutMs = 10_000;
/** After a failed call, nothing is sent to Temporal for this long. */
const backoffMs = 1_000;

export interface AvailabilityDeps {
  log: Logger;
  /** Temporal answered but refused a start: something is missing there. */
  onRefused?: (() => void) | undefined;
  /** Calls may be made again. */
  onBackoffEnd: () => void;
}

/** Whether Temporal takes starts. After a failed one it is left alone for a moment, then tried by one call at a time. */
export class Availability {
  readonly #logged = new OnceAMinute();
  #isAway = false;
  #awaySinceMs = -Infinity;
  #backoff: NodeJS.Timeout | undefined;

  constructor(private readonly deps: AvailabilityDeps) {}

  /** Whether one more call may be made while `open` calls are. */
  admits(open: number, maxOpen: number): boolean {
    return this.#backoff === undefined && open < (this.#isAway ? 1 : maxOpen);
  }

  /** Whether Temporal gave no answer to a call since then, by `performance.now()`. */
  failedSince(ms: number): boolean {
    return this.#awaySinceMs > ms;
  }

  succeeded(): void {
    if (this.#isAway) this.deps.log.info('temporal.back');
    this.#isAway = false;
    this.#logged.keepOnly([]);
  }

  /** `id`: of what was not started. Logs immediately, then once a minute as long as it lasts. */
  failed(error: unknown, id: string): void {
    const { log, onRefused, onBackoffEnd } = this.deps;
    this.#backoff ??= setTimeout(() => {
      this.#backoff = undefined;
      onBackoffEnd();
    }, backoffMs).unref();
    this.#isAway = true;
    const { kind, reason } = temporalFailure(error);
    if (kind === 'away') this.#awaySinceMs = performance.now();
    else onRefused?.();
    if (!this.#logged.isDue(kind)) return;
    if (kind === 'away')
      log.warn(
        { error: isGrpcDeadlineError(error) ? `no answer within ${callTimeoutMs} ms` : error, id },
        'temporal.start_failed: events are still accepted; the sweeper starts them later',
      );
    // The line `temporal.problem` that follows says what is missing and gives the command.
    else
      log.error(
        { reason, id },
        'temporal.start_refused: Temporal answers but starts nothing; events are still accepted',
      );
  }

  close(): void {
    clearTimeout(this.#backoff);
  }
}
