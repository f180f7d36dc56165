import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcDeadlineError, type Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Database } from './db/database.js';
import type { StartableDelivery } from './db/events.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { markStarted } from './db/unstarted-deliveries.js';
import { FairQueue } from './fair-queue.js';
import type { FirstAttempts } from './first-attempts.js';
import { startDelivery, startOrWakeDelivery, wakeDelivery, type StartOptions, type StartResult } from './temporal.js';
import type { DeliveryWorkflows } from './workflows.js';

/** So many of webhooks that have nothing waiting and nothing under way go beside those that are in turn. */
const newcomers = 20;
/** At most so many new deliveries wait for their start; the sweeper starts the rest. */
const queueLimit = 10_000;
const queueLimitPerTenant = 1_000;
/**
 * One call's longest wait; by itself the client would try for 20 s. Not shorter: Temporal under load answers late, and
 * of a call that was given up the workflow runs all the same, only that its first task is lost for 10 s.
 */
const callDeadlineMs = 10_000;
/** After a call that failed nothing is sent to Temporal for so long. */
const pauseMs = 1_000;
/** Whoever waited for so long is the sweeper's in a moment. */
const longestWaitMs = 10_000;
const closePatienceMs = 3_000;
const markEveryMs = 1_000;

type Call = (client: Client, delivery: StartableDelivery, options: StartOptions) => Promise<StartResult>;

interface Connection {
  client: Client;
  options: StartOptions;
}

interface Waiting {
  delivery: StartableDelivery;
  call: Call;
  sinceMs: number;
  /** Somebody waits for it: neither dropped nor tried again. */
  done?: (error?: Error) => void;
}

export interface DeliveryStarterDeps {
  db: Database;
  log: Logger;
  firstAttempts: FirstAttempts;
}

/**
 * Starts workflows in the background, tenants and their webhooks in turn and only as many at a time as Temporal and this
 * process keep up with, and marks in Postgres what runs, many at once. Nothing that it drops is lost: what is pending
 * and not marked is started by the sweeper.
 */
export class DeliveryStarter implements DeliveryWorkflows {
  readonly #queue = new FairQueue<Waiting>();
  readonly #running = new Set<Promise<void>>();
  /** How many of each webhook are among them. */
  readonly #underWay = new Map<number, number>();
  readonly #limit = new ConcurrencyLimit();
  readonly #started: { id: string; atMs: number }[] = [];
  readonly #marking: NodeJS.Timeout;
  #connection: Connection | undefined;
  #isAway = false;
  #pause: NodeJS.Timeout | undefined;

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

  /** For the sweeper: in its tenant's turn like the others; resolves when the workflow runs. */
  startInTurn(delivery: StartableDelivery): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error) => (error ? reject(error) : resolve());
      this.#add({ delivery, call: startOrWakeDelivery, sinceMs: performance.now(), done });
      this.#runNext();
    });
  }

  #enqueue(deliveries: StartableDelivery[], call: Call): void {
    for (const delivery of deliveries) {
      const { tenantId } = delivery;
      const waiting = { delivery, call, sinceMs: performance.now() };
      if (this.#connection && this.#mayPass(delivery)) this.#begin(this.#connection, waiting);
      else if (this.#queue.size < queueLimit && this.#queue.sizeOf(tenantId) < queueLimitPerTenant) this.#add(waiting);
    }
    this.#runNext();
  }

  /** Whoever sends an event now and then does not wait for those who send many. */
  #mayPass({ tenantId, webhookId }: StartableDelivery): boolean {
    if (this.#pause || this.#isAway || this.#running.size >= this.#limit.value + newcomers) return false;
    return !this.#underWay.has(webhookId) && !this.#queue.has(tenantId, String(webhookId));
  }

  #add(waiting: Waiting): void {
    this.#queue.add(waiting.delivery.tenantId, String(waiting.delivery.webhookId), waiting);
  }

  #runNext(): void {
    // While Temporal is away one call at a time finds out whether it is back.
    while (this.#connection && !this.#pause && this.#running.size < (this.#isAway ? 1 : this.#limit.value)) {
      const next = this.#queue.take();
      if (!next) return;
      if (!next.done && performance.now() - next.sinceMs > longestWaitMs) continue;
      this.#begin(this.#connection, next);
    }
  }

  #begin(connection: Connection, waiting: Waiting): void {
    const { webhookId } = waiting.delivery;
    this.#underWay.set(webhookId, (this.#underWay.get(webhookId) ?? 0) + 1);
    const running = this.#run(connection, waiting).finally(() => {
      this.#running.delete(running);
      const left = this.#underWay.get(webhookId)! - 1;
      if (left > 0) this.#underWay.set(webhookId, left);
      else this.#underWay.delete(webhookId);
      this.#runNext();
    });
    this.#running.add(running);
  }

  /** Ends when the delivery keeps this process busy no more. */
  async #run({ client, options }: Connection, waiting: Waiting): Promise<void> {
    const { delivery, call } = waiting;
    const atMs = performance.now();
    const attempt = this.deps.firstAttempts.expect(delivery.id);
    try {
      const { isEager } = await client.withDeadline(Date.now() + callDeadlineMs, () => call(client, delivery, options));
      const tookMs = performance.now() - atMs;
      this.#started.push({ id: delivery.id, atMs });
      waiting.done?.();
      if (this.#isAway) this.deps.log.info('temporal.back');
      this.#isAway = false;
      if (isEager) await attempt.done;
      // Only calls that do the same can be compared.
      const busyMs = isEager ? attempt.sentAfterMs : tookMs;
      if (isEager === options.eager && busyMs !== undefined) this.#limit.record(busyMs, this.#running.size);
    } catch (error) {
      if (waiting.done) waiting.done(error as Error);
      // To be tried again, if it is not too old by then.
      else this.#add(waiting);
      this.#pause ??= setTimeout(() => {
        this.#pause = undefined;
        this.#runNext();
      }, pauseMs).unref();
      if (this.#isAway) return;
      this.#isAway = true;
      const reason = isGrpcDeadlineError(error) ? `no answer within ${callDeadlineMs} ms` : error;
      this.deps.log.warn(
        { error: reason, delivery: delivery.id },
        'temporal.start_failed: events are accepted all the same, the sweeper starts them later',
      );
    } finally {
      attempt.forget();
    }
  }

  async #mark(): Promise<void> {
    const started = this.#started.splice(0);
    if (started.length === 0) return;
    try {
      const nowMs = performance.now();
      await markStarted(
        this.deps.db,
        started.map(({ id, atMs }) => ({ id, ageMs: nowMs - atMs })),
      );
    } catch (error) {
      // Unmarked, they are started a second time by the sweeper, which changes nothing.
      this.deps.log.warn({ error, deliveries: started.length }, 'started deliveries are not marked');
    }
  }

  /** Lets running calls end and marks what they started; what still waits is left to the sweeper. */
  async close(): Promise<void> {
    this.#connection = undefined;
    for (const { done } of this.#queue.clear()) done?.(new Error('this process stops'));
    await Promise.race([Promise.all(this.#running), delay(closePatienceMs, undefined, { ref: false })]);
    clearTimeout(this.#pause);
    clearInterval(this.#marking);
    await this.#mark();
  }
}
