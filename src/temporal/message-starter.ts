import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Database } from '../db/database.js';
import { markMessagesStarted, type StartableMessage } from '../db/unstarted-messages.js';
import { OnceAMinute } from '../once-a-minute.js';
import { temporalFailure } from './failure.js';
import { FairQueue } from './pace/fair-queue.js';
import { startMessage, type StartOptions } from './start-workflows.js';
import type { MessageWorkflows } from './workflows.js';

/** Calls to Temporal at once; the others wait, tenants in turn. */
const concurrency = 50;
/** At most so many new messages wait for their start; the sweeper starts the rest. */
const queueLimit = 10_000;
const queueLimitPerTenant = 1_000;
const callDeadlineMs = 10_000;
const closePatienceMs = 3_000;

interface Waiting {
  message: StartableMessage;
  /** Of who waits for it. */
  done?: { resolve: (result: { started: boolean }) => void; reject: (error: unknown) => void };
}

/**
 * Starts the workflows of messages in the background, tenants in turn. Nothing that it drops is lost: the sweeper starts
 * what is not marked.
 */
export class MessageStarter implements MessageWorkflows {
  readonly #queue = new FairQueue<Waiting>();
  readonly #running = new Set<Promise<void>>();
  #connection: { client: Client; options: StartOptions } | undefined;
  readonly #said = new OnceAMinute();
  #isClosed = false;

  constructor(private readonly deps: { db: Database; log: Logger; onRefused?: () => void }) {}

  /** From now on workflows are started through this client; before, they are left to the sweeper. */
  use(client: Client, options: StartOptions): void {
    if (this.#isClosed) return;
    this.#connection = { client, options };
    this.#next();
  }

  start(message: StartableMessage): void {
    const isFull = this.#queue.size >= queueLimit || this.#queue.sizeOf(message.tenantId) >= queueLimitPerTenant;
    if (this.#connection && !isFull) this.#add({ message });
  }

  /** For the sweeper. Rejects when it is not started, also for the reason that this process stops. */
  startInTurn(message: StartableMessage): Promise<{ started: boolean }> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(stopping());
      this.#add({ message, done: { resolve, reject } });
    });
  }

  #add(waiting: Waiting): void {
    this.#queue.add(waiting.message.tenantId, '', waiting);
    this.#next();
  }

  #next(): void {
    while (this.#connection && this.#queue.size > 0 && this.#running.size < concurrency) {
      const running = this.#run(this.#connection, this.#queue.take()!).finally(() => {
        this.#running.delete(running);
        this.#next();
      });
      this.#running.add(running);
    }
  }

  async #run({ client, options }: { client: Client; options: StartOptions }, waiting: Waiting): Promise<void> {
    const { db, log } = this.deps;
    const { message, done } = waiting;
    try {
      const result = await client.withDeadline(Date.now() + callDeadlineMs, () =>
        startMessage(client, message, options),
      );
      this.#said.keepOnly([]);
      done?.resolve(result);
      if (!done) await markMessagesStarted(db, [message.id]);
    } catch (error) {
      const { kind } = temporalFailure(error);
      if (kind !== 'away') this.deps.onRefused?.();
      if (this.#said.isDue(kind))
        log.warn({ error, kind, message: message.id }, 'message.start_failed: the sweeper starts it later');
      done?.reject(error);
    }
  }

  /** Lets running calls end; what still waits is left to the sweeper. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection = undefined;
    for (const { done } of this.#queue.clear()) done?.reject(stopping());
    await Promise.race([Promise.all(this.#running), delay(closePatienceMs, undefined, { ref: false })]);
  }
}

const stopping = () => new Error('this process stops');
