import PQueue from 'p-queue';
import { callsWithLeftovers, setAside } from '../../db/call-events.js';
import { DatabaseUnavailableError, sqlStateOf } from '../../db/database.js';
import { InvalidInputError, NotFoundError } from '../../errors.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { takeTurn, type CallTurnDeps, type Turn } from './call-turn.js';
import type { CallLog } from './handle-call-event.js';
import { isRefusedByPostgres } from './refused.js';

export interface CallHandlerDeps extends TriggerDeps {
  log: CallLog;
  /** Undefined: RECORD_STOP is recorded and makes no event. */
  recordingUrlTemplate?: string | undefined;
}

const concurrency = 8;
const sweepEveryMs = 10_000;
/** Younger events are still being handled by the process that stored them. */
const leftoverAfterMs = 5_000;

/**
 * Handles stored events, each in its own transaction, which locks the call, changes it and triggers its tenant's
 * events. A sweep picks up what failed, and what another process stored and did not handle.
 */
export class CallHandler {
  readonly #queue = new PQueue({ concurrency });
  /** Uuids in the queue or being handled; true: more events were stored meanwhile. */
  readonly #calls = new Map<string, boolean>();
  readonly #sweep: NodeJS.Timeout;
  readonly #turnDeps: CallTurnDeps;
  #callsWithoutTenant = 0;

  constructor(private readonly deps: CallHandlerDeps) {
    this.#turnDeps = {
      log: deps.log,
      recordingUrlTemplate: deps.recordingUrlTemplate,
      countCallWithoutTenant: () => (this.#callsWithoutTenant += 1),
    };
    this.#sweep = setInterval(() => void this.sweep(), sweepEveryMs);
    this.#sweep.unref();
  }

  /** Calls for which this process found no tenant, since it started. */
  get callsWithoutTenant(): number {
    return this.#callsWithoutTenant;
  }

  /** Handles the stored events of the uuid, in the background. */
  handle(callSid: string): void {
    if (this.#calls.has(callSid)) return void this.#calls.set(callSid, true);
    this.#calls.set(callSid, false);
    void this.#queue.add(async () => {
      try {
        do {
          this.#calls.set(callSid, false);
          while ((await this.#handleNext(callSid)) === 'next');
        } while (this.#calls.get(callSid));
      } catch (error) {
        this.deps.log.warn({ error, callSid }, 'call.not_handled: its events are stored and will be handled later');
      } finally {
        this.#calls.delete(callSid);
      }
    });
  }

  /** Handles events that any process stored some time ago: after a crash, a failure or an outage of Postgres. */
  async sweep(): Promise<void> {
    try {
      for (const callSid of await callsWithLeftovers(this.deps.db, leftoverAfterMs, 1_000)) this.handle(callSid);
    } catch (error) {
      this.deps.log.debug({ error }, 'call.sweep_failed');
    }
  }

  /** Resolves when everything passed to `handle` has been processed. */
  idle(): Promise<void> {
    return this.#queue.onIdle();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.idle();
  }

  async #handleNext(callSid: string): Promise<'next' | 'done'> {
    const turn: Turn = { lines: [] };
    try {
      const step = await recordWithEvents(this.deps, (db, trigger) =>
        takeTurn(db, trigger, callSid, turn, this.#turnDeps),
      );
      for (const line of turn.lines) line();
      return step;
    } catch (error) {
      const { event } = turn;
      if (!event || isPassing(error)) throw error;
      // Retrying will not help, and the call's later events, such as its end, wait behind it.
      if (!(await setAside(this.deps.db, event))) return 'next';
      const { coreUuid, sequence, kind } = event;
      if (error instanceof InvalidInputError || error instanceof NotFoundError) {
        const fields = error instanceof InvalidInputError ? error.errors.map(({ path }) => path) : [];
        this.deps.log.error({ callSid, kind, fields }, `call.event_refused: ${error.message}`);
      } else {
        const message = 'call.event_set_aside: its handling failed, and it will not be retried automatically';
        this.deps.log.error({ error, callSid, kind, coreUuid, sequence }, message);
      }
      return 'next';
    }
  }
}

/** Whether a retry may succeed: yes unless Postgres refuses the data for good; a bug of ours will not fix itself. */
const isPassing = (error: unknown): boolean =>
  error instanceof DatabaseUnavailableError || (sqlStateOf(error) !== undefined && !isRefusedByPostgres(error));
