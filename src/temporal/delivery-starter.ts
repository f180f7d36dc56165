import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcDeadlineError, type Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Database } from '../db/database.js';
import type { StartableDelivery } from '../db/events.js';
import { markStarted } from '../db/unstarted-deliveries.js';
import { OnceAMinute } from '../once-a-minute.js';
import { FairQueue } from './pace/fair-queue.js';
import type { FirstAttempts } from './pace/first-attempts.js';
import type { Pace, Urgency } from './pace/pace.js';
import type { Turn } from './pace/turn.js';
import { temporalFailure } from './failure.js';
import type { SettlingWebhook } from '../db/settling.js';
import {
  startDelivery,
  startOrWakeDelivery,
  startSettling,
  wakeDelivery,
  type StartOptions,
  type StartResult,
} from './start-workflows.js';
import type { DeliveryWorkflows } from './workflows.js';

/** Calls at once at the most, should Temporal answer none of them. */
const mostCalls = 100;
/** A webhook with so many waiting or under way has a backlog. */
const backlogOf = 5;
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
  urgency: Urgency;
  sinceMs: number;
  /** Somebody waits for it: neither dropped nor tried again. */
  done?: { resolve: (result: { started: boolean }) => void; reject: (error: Error) => void };
}

export interface DeliveryStarterDeps {
  db: Database;
  log: Logger;
  pace: Pace;
  firstAttempts: FirstAttempts;
  /** Temporal answered, and refused a start: something is missing there. */
  onRefused?: () => void;
}

/**
 * Starts workflows in the background, tenants and their webhooks in turn and only as many at a time as the pace allows,
 * and marks in Postgres what runs, many at once. Nothing that it drops is lost: what is pending and not marked is
 * started by the sweeper.
 */
export class DeliveryStarter implements DeliveryWorkflows {
  readonly #queues: Record<Urgency, FairQueue<Waiting>> = { prompt: new FairQueue(), backlog: new FairQueue() };
  /** How many of each webhook wait or are under way. */
  readonly #ofWebhook = new Map<number, number>();
  readonly #running = new Set<Promise<void>>();
  readonly #started: { id: string; atMs: number }[] = [];
  readonly #marking: NodeJS.Timeout;
  #connection: Connection | undefined;
  #isAway = false;
  readonly #said = new OnceAMinute();
  #isClosed = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(private readonly deps: DeliveryStarterDeps) {
    this.#marking = setInterval(() => void this.#mark(), markEveryMs);
    this.#marking.unref();
    for (const urgency of ['prompt', 'backlog'] as const)
      deps.pace.join(urgency, {
        peek: () => this.#peek(urgency),
        begin: (turn) => this.#begin(this.#queues[urgency].take()!, turn),
      });
  }

  /** From now on workflows are started through this client; before, they are left to the sweeper. */
  use(client: Client, options: StartOptions): void {
    if (!this.#isClosed) this.#connection = { client, options };
  }

  start(deliveries: StartableDelivery[]): void {
    this.#enqueue(deliveries, startDelivery);
  }

  wake(deliveries: StartableDelivery[]): void {
    this.#enqueue(deliveries, wakeDelivery);
  }

  settle(webhooks: SettlingWebhook[]): void {
    for (const webhook of webhooks) {
      if (!this.#connection) return;
      const { client, options } = this.#connection;
      const running = client
        .withDeadline(Date.now() + callDeadlineMs, () => startSettling(client, webhook, options))
        .catch((error: unknown) =>
          this.deps.log.warn(
            { error, webhook: webhook.webhookId },
            'webhook.settling_not_started: the sweeper starts it later',
          ),
        )
        .finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  /**
   * For the sweeper: in its tenant's turn like the others; resolves when the workflow runs, which is woken or left alone
   * if it ran before. Rejects when it is not started, also for the reason that this process stops.
   */
  startInTurn(delivery: StartableDelivery, ifRunning: 'wake' | 'leave'): Promise<{ started: boolean }> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(stopping());
      const call = ifRunning === 'wake' ? startOrWakeDelivery : startDelivery;
      const done = { resolve, reject };
      this.#add({ delivery, call, urgency: 'backlog', sinceMs: performance.now(), done });
      this.deps.pace.next();
    });
  }

  #enqueue(deliveries: StartableDelivery[], call: Call): void {
    for (const delivery of deliveries) {
      const urgency = (this.#ofWebhook.get(delivery.webhookId) ?? 0) < backlogOf ? 'prompt' : 'backlog';
      const queue = this.#queues[urgency];
      if (queue.size >= queueLimit || queue.sizeOf(delivery.tenantId) >= queueLimitPerTenant) continue;
      this.#add({ delivery, call, urgency, sinceMs: performance.now() });
    }
    this.deps.pace.next();
  }

  #add(waiting: Waiting): void {
    const { tenantId, webhookId } = waiting.delivery;
    this.#count(webhookId, 1);
    this.#queues[waiting.urgency].add(tenantId, String(webhookId), waiting);
  }

  #count(webhookId: number, change: number): void {
    const count = (this.#ofWebhook.get(webhookId) ?? 0) + change;
    if (count > 0) this.#ofWebhook.set(webhookId, count);
    else this.#ofWebhook.delete(webhookId);
  }

  #peek(urgency: Urgency): number | undefined {
    // While Temporal is away one call at a time finds out whether it is back.
    if (!this.#connection || this.#pause || this.#running.size >= (this.#isAway ? 1 : mostCalls)) return undefined;
    const queue = this.#queues[urgency];
    for (let next = queue.peek(); next; next = queue.peek()) {
      const { webhookId } = next.delivery;
      if (next.done || performance.now() - next.sinceMs <= longestWaitMs) return webhookId;
      queue.take();
      this.#count(webhookId, -1);
    }
    return undefined;
  }

  #begin(waiting: Waiting, turn: Turn): void {
    const running = this.#run(this.#connection!, waiting, turn).finally(() => {
      this.#running.delete(running);
      this.#count(waiting.delivery.webhookId, -1);
      turn.end();
    });
    this.#running.add(running);
  }

  /** Ends when the delivery keeps this process busy no more. */
  async #run({ client, options }: Connection, waiting: Waiting, turn: Turn): Promise<void> {
    const { delivery, call, urgency } = waiting;
    const atMs = performance.now();
    if (options.eager) this.deps.firstAttempts.expect(delivery.id, turn);
    try {
      const { isEager, started } = await client.withDeadline(Date.now() + callDeadlineMs, () =>
        call(client, delivery, options),
      );
      const tookMs = performance.now() - atMs;
      this.#started.push({ id: delivery.id, atMs });
      waiting.done?.resolve({ started });
      if (this.#isAway) this.deps.log.info('temporal.back');
      this.#isAway = false;
      this.#said.keepOnly([]);
      if (isEager) await turn.ended;
      // Only calls that do the same can be compared.
      const busyMs = isEager ? turn.sentAfterMs : tookMs;
      if (isEager === options.eager && busyMs !== undefined) this.deps.pace.record(urgency, turn, busyMs);
    } catch (error) {
      if (waiting.done) waiting.done.reject(error as Error);
      // To be tried again, if it is not too old by then.
      else this.#add(waiting);
      this.#pause ??= setTimeout(() => {
        this.#pause = undefined;
        this.deps.pace.next();
      }, pauseMs).unref();
      this.#isAway = true;
      this.#tell(error, delivery);
    }
  }

  /** At once, and once a minute as long as it lasts. */
  #tell(error: unknown, { id }: StartableDelivery): void {
    const { log, onRefused } = this.deps;
    const { kind, reason } = temporalFailure(error);
    if (kind !== 'away') onRefused?.();
    if (!this.#said.isDue(kind)) return;
    if (kind === 'away')
      log.warn(
        { error: isGrpcDeadlineError(error) ? `no answer within ${callDeadlineMs} ms` : error, delivery: id },
        'temporal.start_failed: events are accepted all the same, the sweeper starts them later',
      );
    // What is missing, and the command, is in the line `temporal.problem` that follows.
    else
      log.error(
        { reason, delivery: id },
        'temporal.start_refused: Temporal answers and starts nothing; events are accepted all the same',
      );
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
    this.#isClosed = true;
    this.#connection = undefined;
    for (const queue of Object.values(this.#queues)) for (const { done } of queue.clear()) done?.reject(stopping());
    await Promise.race([Promise.all(this.#running), delay(closePatienceMs, undefined, { ref: false })]);
    clearTimeout(this.#pause);
    clearInterval(this.#marking);
    await this.#mark();
  }
}

const stopping = () => new Error('this process stops');
