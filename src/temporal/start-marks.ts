import type { Logger } from 'pino';
import type { Database } from '../db/database.js';
import { markStarted } from '../db/unstarted-deliveries.js';
import { markMessagesStarted } from '../db/unstarted-messages.js';

const everyMs = 1_000;

/**
 * Marks in Postgres, once a second, what was started. The sweeper starts what stays unmarked a second time, which
 * changes nothing.
 */
export class StartMarks {
  readonly #deliveries: { id: string; atMs: number }[] = [];
  readonly #messages: string[] = [];
  readonly #timer = setInterval(() => void this.#write(), everyMs).unref();

  constructor(private readonly deps: { db: Database; log: Logger }) {}

  /** `atMs`: when the call that started it began, by `performance.now()`. */
  add(kind: 'delivery' | 'message', id: string, atMs: number): void {
    if (kind === 'delivery') this.#deliveries.push({ id, atMs });
    else this.#messages.push(id);
  }

  async #write(): Promise<void> {
    const { db, log } = this.deps;
    const deliveries = this.#deliveries.splice(0);
    const messages = this.#messages.splice(0);
    try {
      const nowMs = performance.now();
      const aged = deliveries.map(({ id, atMs }) => ({ id, ageMs: nowMs - atMs }));
      if (aged.length > 0) await markStarted(db, aged);
      if (messages.length > 0) await markMessagesStarted(db, messages);
    } catch (error) {
      log.warn({ error, deliveries: deliveries.length, messages: messages.length }, 'starts were not marked');
    }
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#write();
  }
}
