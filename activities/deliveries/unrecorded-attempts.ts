import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseUnavailableError, type Database } from '../../src/db/database.js';
import { databaseTime } from '../../src/db/clock.js';
import { beat, removeSenderProcess } from '../../src/db/sender-processes.js';
import { recordAndFollowUp, type RecordDeps, type SentAttempt, type SentRecord } from './record-attempt.js';

const beatEveryMs = 2_000;

export interface UnrecordedAttemptsDeps extends RecordDeps {
  /** A connection of its own, so that a beat never waits behind deliveries. */
  heartbeatDb: Database;
}

/**
 * Outcomes of requests that this process made and Postgres has not taken yet. They are kept and retried for as long as
 * the process lives. It writes its heartbeat (`beat`) only after recording them, so no other process repeats a request
 * whose outcome is here, however long Postgres is away.
 */
export class UnrecordedAttempts {
  /** Identifies this process to the others. */
  readonly processId = randomUUID();
  readonly #records = new Map<string, SentRecord>();
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void> = Promise.resolve();
  /** What follows from records; a beat does not wait for it. */
  #followUps: Promise<unknown> = Promise.resolve();
  #isBusy = false;

  constructor(private readonly deps: UnrecordedAttemptsDeps) {
    this.#timer = setInterval(() => this.#next(), beatEveryMs);
    this.#next();
  }

  /** How many are unrecorded. */
  get size(): number {
    return this.#records.size;
  }

  /**
   * Records an attempt. If Postgres is unavailable it rejects, and the attempt is kept and retried until it is
   * recorded. An attempt that Postgres refuses for another reason is not kept: retrying would not help.
   */
  async record(record: SentRecord): Promise<SentAttempt | null> {
    this.#records.set(record.requestId, record);
    for (const waitMs of [100, 500]) {
      try {
        return await this.#tryToRecord(record);
      } catch (error) {
        if (!(error instanceof DatabaseUnavailableError)) throw error;
        await delay(waitMs);
      }
    }
    return this.#tryToRecord(record);
  }

  /** Called before this process sends a delivery again: records what it holds. Rejects when Postgres does not take it. */
  async settle(deliveryId: string): Promise<void> {
    for (const record of this.#records.values()) if (record.deliveryId === deliveryId) await this.#tryToRecord(record);
  }

  async #tryToRecord(record: SentRecord): Promise<SentAttempt | null> {
    try {
      const recorded = await this.#recordBy(this.deps.db, record);
      this.#records.delete(record.requestId);
      return recorded;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) this.#records.delete(record.requestId);
      throw error;
    }
  }

  async #recordBy(db: Database, record: SentRecord): Promise<SentAttempt | null> {
    const recorded = await recordAndFollowUp(this.deps, record, db);
    this.#followUps = Promise.all([this.#followUps, recorded?.followUp]);
    return recorded;
  }

  #next(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#beating = this.#beat().finally(() => (this.#isBusy = false));
  }

  async #beat(): Promise<void> {
    const { heartbeatDb, log } = this.deps;
    try {
      // Read before the kept records: the beat says nothing about requests that end after this time.
      const at = await databaseTime(heartbeatDb);
      for (const record of [...this.#records.values()]) await this.#recordLate(record);
      await beat(heartbeatDb, this.processId, at);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) log.error({ error }, 'process.beat_failed');
    }
  }

  async #recordLate(record: SentRecord): Promise<void> {
    const { heartbeatDb, log } = this.deps;
    const context = { delivery: record.deliveryId, attempt: record.number };
    try {
      const recorded = await this.#recordBy(heartbeatDb, record);
      // `record` may have been faster; then nothing is late.
      if (this.#records.delete(record.requestId))
        log.info({ ...context, status: recorded?.status }, 'attempt.recorded_late');
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) throw error;
      this.#records.delete(record.requestId);
      log.error({ ...context, error }, 'attempt.refused: Postgres cannot take this record');
    }
  }

  /** Tries once more to record what is left, then tells the others that this process has ended. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await this.#beat();
    await this.#followUps;
    if (this.#records.size > 0) {
      this.deps.log.error({ attempts: this.#records.size }, 'attempts.not_recorded: their workflows record them');
      return;
    }
    // If this fails, the others take the process for dead 15 s after its last beat.
    await removeSenderProcess(this.deps.heartbeatDb, this.processId).catch(() => undefined);
  }
}
