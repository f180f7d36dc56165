import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcDeadlineError, type Client } from '@temporalio/client';
import PQueue from 'p-queue';
import type { Logger } from 'pino';
import type { Database } from './db/database.js';
import type { StartableDelivery } from './db/events.js';
import { markStarted } from './db/unstarted-deliveries.js';
import { startDelivery, wakeDelivery, type DeliveryWorkflows, type StartOptions } from './temporal.js';

/** At most so many calls to Temporal at once, and so many deliveries waiting for one; the sweeper starts the rest. */
const concurrency = 50;
const queueLimit = 10_000;
/** One call's longest wait. By itself the client would try for 20 s. */
const callDeadlineMs = 2_000;
/** After a call that Temporal did not answer nothing is sent to it for so long. */
const pauseMs = 1_000;
const markEveryMs = 1_000;

type Call = (client: Client, delivery: StartableDelivery, options: StartOptions) => Promise<void>;

export interface DeliveryStarterDeps {
  db: Database;
  log: Logger;
}

/**
 * Starts workflows in the background, a bounded number at a time, and marks in Postgres what runs, many at once.
 * Nothing that it drops is lost: what is pending and not marked is started by the sweeper.
 */
export class DeliveryStarter implements DeliveryWorkflows {
  readonly #queue = new PQueue({ concurrency });
  readonly #started: string[] = [];
  readonly #marking: NodeJS.Timeout;
  #connection: { client: Client; options: StartOptions } | undefined;
  #isAway = false;
  #pausedUntil = 0;

  constructor(private readonly deps: DeliveryStarterDeps) {
    this.#marking = setInterval(() => void this.#mark(), markEveryMs);
    this.#marking.unref();
  }

  /** From now on workflows are started through this client; before, they are left to the sweeper. */
  use(client: Client, options: StartOptions): void {
    this.#connection = { client, options };
  }

  start(deliveries: StartableDelivery[]): void {
    this.#enqueue(deliveries, startDelivery);
  }

  wake(deliveries: StartableDelivery[]): void {
    this.#enqueue(deliveries, wakeDelivery);
  }

  #enqueue(deliveries: StartableDelivery[], call: Call): void {
    for (const delivery of deliveries) {
      if (!this.#connection || this.#queue.size >= queueLimit || Date.now() < this.#pausedUntil) return;
      void this.#queue.add(() => this.#run(delivery, call));
    }
  }

  async #run(delivery: StartableDelivery, call: Call): Promise<void> {
    if (!this.#connection || Date.now() < this.#pausedUntil) return;
    const { client, options } = this.#connection;
    try {
      await client.withDeadline(Date.now() + callDeadlineMs, () => call(client, delivery, options));
      this.#started.push(delivery.id);
      if (this.#isAway) this.deps.log.info('temporal.back');
      this.#isAway = false;
    } catch (error) {
      this.#pausedUntil = Date.now() + pauseMs;
      if (this.#isAway) return;
      this.#isAway = true;
      const reason = isGrpcDeadlineError(error) ? `no answer within ${callDeadlineMs} ms` : error;
      this.deps.log.warn(
        { error: reason, delivery: delivery.id },
        'temporal.start_failed: events are accepted all the same, the sweeper starts them later',
      );
    }
  }

  async #mark(): Promise<void> {
    const ids = this.#started.splice(0);
    if (ids.length === 0) return;
    try {
      await markStarted(this.deps.db, ids);
    } catch (error) {
      // Unmarked, they are started a second time by the sweeper, which changes nothing.
      this.deps.log.warn({ error, deliveries: ids.length }, 'started deliveries are not marked');
    }
  }

  /** Lets running calls end and marks what they started; what still waits is left to the sweeper. */
  async close(): Promise<void> {
    this.#queue.clear();
    await Promise.race([this.#queue.onIdle(), delay(callDeadlineMs + 1_000, undefined, { ref: false })]);
    clearInterval(this.#marking);
    await this.#mark();
  }
}
