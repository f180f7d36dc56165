import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Database } from '../db/database.js';
import { markMessagesStarted, type StartableMessage } from '../db/unstarted-messages.js';
import { OnceAMinute } from '../once-a-minute.js';
import { temporalFailure } from './failure.js';
import { startMessage, type StartOptions } from './start-workflows.js';
import type { MessageWorkflows } from './workflows.js';

/** Calls to Temporal at once; the sweeper starts the rest. */
const concurrency = 50;
const callDeadlineMs = 10_000;
const closePatienceMs = 3_000;

/** Starts the workflows of messages in the background. Nothing that it drops is lost: the sweeper starts what is not marked. */
export class MessageStarter implements MessageWorkflows {
  readonly #running = new Set<Promise<void>>();
  #connection: { client: Client; options: StartOptions } | undefined;
  readonly #said = new OnceAMinute();
  #isClosed = false;

  constructor(private readonly deps: { db: Database; log: Logger; onRefused?: () => void }) {}

  /** From now on workflows are started through this client; before, they are left to the sweeper. */
  use(client: Client, options: StartOptions): void {
    if (!this.#isClosed) this.#connection = { client, options };
  }

  start(message: StartableMessage): void {
    if (!this.#connection || this.#running.size >= concurrency) return;
    const running = this.#run(this.#connection, message).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run({ client, options }: { client: Client; options: StartOptions }, message: StartableMessage): Promise<void> {
    const { db, log } = this.deps;
    try {
      await client.withDeadline(Date.now() + callDeadlineMs, () => startMessage(client, message, options));
      this.#said.keepOnly([]);
      await markMessagesStarted(db, [message.id]);
    } catch (error) {
      const { kind } = temporalFailure(error);
      if (kind !== 'away') this.deps.onRefused?.();
      if (this.#said.isDue(kind))
        log.warn({ error, kind, message: message.id }, 'message.start_failed: the sweeper starts it later');
    }
  }

  /** Lets running calls end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection = undefined;
    await Promise.race([Promise.all(this.#running), delay(closePatienceMs, undefined, { ref: false })]);
  }
}
