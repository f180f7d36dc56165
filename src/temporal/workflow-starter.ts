import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Database } from '../db/database.js';
import type { StartableDelivery, WokenDelivery } from '../db/events.js';
import type { StartableRecovery } from '../db/recoveries.js';
import type { SettlingWebhook } from '../db/settling.js';
import type { StartableMessage } from '../db/unstarted-messages.js';
import type { UnverifiedWebhook } from '../db/verifications.js';
import type { BatchingWebhook } from '../db/batches.js';
import { Availability, callTimeoutMs } from './availability.js';
import type { Permit } from './priority/permit.js';
import { webhookKey, type Permits, type Priority } from './priority/permits.js';
import type { Connection, Start } from './start.js';
import { StartMarks } from './start-marks.js';
import {
  startCollecting,
  startDelivery,
  startMessage,
  startOrWakeDelivery,
  startRecovery,
  startSettling,
  startVerification,
  wakeDelivery,
  type StartOptions,
  type StartResult,
} from './start-workflows.js';
import type { DeliveryWorkflows, MessageWorkflows } from './workflows.js';

/** At most this many calls are open at the same time, in case Temporal answers none of them. */
const maxOpenCalls = 100;
/** A webhook with this many starts waiting or in progress has a backlog. So has a tenant with this many messages. */
const backlogOf = 5;
/** At most this many wait for their start; the sweeper starts the rest. */
const queueLimit = 10_000;
const queueLimitPerTenant = 1_000;
/** What has waited this long is left to the sweeper. */
const maxWaitMs = 10_000;
const closeTimeoutMs = 3_000;

export interface WorkflowStarterDeps {
  db: Database;
  log: Logger;
  permits: Permits;
  /** Whether a request of the webhook is slow now: then its receiver may hang, and its deliveries are bulk work. */
  isSlow?: (webhookId: number) => boolean;
  /** Temporal answered but refused a start: something is missing there. */
  onRefused?: () => void;
}

/**
 * Starts workflows in the background, as the permits of this process allow, and marks them as started in Postgres, in
 * batches. What it drops is not lost: the sweeper starts what is pending and not marked.
 */
export class WorkflowStarter implements DeliveryWorkflows, MessageWorkflows {
  /** How many starts of each webhook, or of each tenant's messages, wait or are in progress. */
  readonly #busy = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  /** Webhooks whose batches are to be collected; true: somebody asked again since the call began. */
  readonly #collecting = new Map<number, boolean>();
  readonly #marks: StartMarks;
  readonly #temporal: Availability;
  #connection: Connection | undefined;
  #isClosed = false;

  constructor(private readonly deps: WorkflowStarterDeps) {
    const { log, permits, onRefused } = deps;
    this.#marks = new StartMarks(deps);
    this.#temporal = new Availability({ log, onRefused, onBackoffEnd: () => permits.serve() });
  }

  /** From now on, workflows are started through this client. Until then they are left to the sweeper. */
  use(client: Client, options: StartOptions): void {
    if (this.#isClosed) return;
    this.#connection = { client, options };
    this.deps.permits.serve();
  }

  start(deliveries: StartableDelivery[]): void {
    for (const delivery of deliveries) this.#submit(this.#delivery(delivery, startDelivery));
  }

  wake(deliveries: WokenDelivery[]): void {
    // Tenants cause many wake-ups at a time, so these never go before other tenants' new events.
    for (const { hasWorkflow, ...delivery } of deliveries)
      this.#submit(this.#delivery(delivery, hasWorkflow ? wakeDelivery : startOrWakeDelivery), 'bulk');
  }

  startMessage(message: StartableMessage): void {
    this.#submit(this.#message(message));
  }

  startRecovered(deliveries: StartableDelivery[]): void {
    for (const delivery of deliveries) {
      // They leave room in the tenant's queue for others; the sweeper starts the rest.
      if (this.deps.permits.waiting('bulk', delivery.tenantId) >= queueLimitPerTenant / 2) return;
      const start = this.#delivery(delivery, startOrWakeDelivery);
      // A key of its own: the webhook's live events do not queue behind them, and are no backlog because of them.
      this.#submit({ ...start, key: `recovery of ${start.key}` }, 'bulk');
    }
  }

  recover(recoveries: StartableRecovery[]): void {
    for (const recovery of recoveries)
      this.#begin(startRecovery, recovery, 'recovery.not_started: the sweeper starts it later');
  }

  settle(webhooks: SettlingWebhook[]): void {
    for (const webhook of webhooks)
      this.#begin(startSettling, webhook, 'webhook.settling_not_started: the sweeper starts it later');
  }

  verify(webhooks: UnverifiedWebhook[]): void {
    for (const webhook of webhooks)
      this.#begin(startVerification, webhook, 'webhook.verification_not_started: the sweeper starts it later');
  }

  collect(webhooks: BatchingWebhook[]): void {
    for (const webhook of webhooks) {
      const { webhookId, tenantId } = webhook;
      // Many events of a full batch ask for it: one call at a time, which serves all that asked before it began.
      const isAsked = this.#collecting.has(webhookId);
      this.#collecting.set(webhookId, isAsked);
      if (isAsked) continue;
      const isQueued = this.#submit({
        kind: 'batches',
        id: `batches of ${webhookId}`,
        tenantId,
        key: webhookKey(webhookId),
        sinceMs: performance.now(),
        dropped: () => void this.#collecting.delete(webhookId),
        call: async (client, options) => {
          this.#collecting.set(webhookId, false);
          const result = await startCollecting(client, webhook, options);
          const isAskedAgain = this.#collecting.get(webhookId);
          this.#collecting.delete(webhookId);
          if (isAskedAgain) this.collect([webhook]);
          return result;
        },
      });
      if (!isQueued) this.#collecting.delete(webhookId);
    }
  }

  /** Without a permit: there are few of these, and they send nothing themselves. */
  #begin<Input extends { webhookId: number }>(
    start: (client: Client, input: Input, options: StartOptions) => Promise<void>,
    input: Input,
    onFailure: string,
  ): void {
    if (!this.#connection) return;
    const { client, options } = this.#connection;
    const begun = client
      .withDeadline(Date.now() + callTimeoutMs, () => start(client, input, options))
      .catch((error: unknown) => this.deps.log.warn({ error, webhook: input.webhookId }, onFailure));
    this.#track(begun);
  }

  /**
   * For the sweeper. Resolves when the workflow runs. If it was already running, it is woken or left alone. Rejects if
   * it is not started: Temporal is away, or this process stops.
   */
  startInTurn(delivery: StartableDelivery, ifRunning: 'wake' | 'leave'): Promise<StartResult> {
    return this.#inTurn(this.#delivery(delivery, ifRunning === 'wake' ? startOrWakeDelivery : startDelivery));
  }

  /** Like `startInTurn`. */
  startMessageInTurn(message: StartableMessage): Promise<StartResult> {
    return this.#inTurn(this.#message(message));
  }

  #delivery(
    delivery: StartableDelivery,
    call: (client: Client, delivery: StartableDelivery, options: StartOptions) => Promise<StartResult>,
  ): Start {
    const { id, tenantId, webhookId } = delivery;
    return {
      kind: 'delivery',
      id,
      tenantId,
      key: webhookKey(webhookId),
      isSlow: () => this.deps.isSlow?.(webhookId) ?? false,
      sinceMs: performance.now(),
      call: (client, options) => call(client, delivery, options),
    };
  }

  #message(message: StartableMessage): Start {
    return {
      kind: 'message',
      ...message,
      key: `messages of ${message.tenantId}`,
      sinceMs: performance.now(),
      call: (client, options) => startMessage(client, message, options),
    };
  }

  #inTurn(start: Start): Promise<StartResult> {
    return new Promise((resolve, reject) => {
      const done = (result: StartResult | Error) => (result instanceof Error ? reject(result) : resolve(result));
      this.#add({ ...start, done }, 'bulk');
    });
  }

  /** False if too many wait. */
  #submit(start: Start, priority?: Priority): boolean {
    const { permits } = this.deps;
    const isBulk = (this.#busy.get(start.key) ?? 0) >= backlogOf || start.isSlow?.();
    const chosen = priority ?? (isBulk ? 'bulk' : 'interactive');
    if (permits.waiting(chosen) >= queueLimit || permits.waiting(chosen, start.tenantId) >= queueLimitPerTenant)
      return false;
    this.#add(start, chosen);
    return true;
  }

  #add(start: Start, priority: Priority): void {
    if (this.#isClosed) {
      start.dropped?.();
      return start.done?.(stopping());
    }
    this.#count(start, 1);
    this.deps.permits.submit(priority, {
      ...start,
      isBlocked: () => this.#isBlocked(),
      isGone: () => this.#isClosed || this.#isTooLate(start),
      drop: () => {
        this.#count(start, -1);
        start.dropped?.();
        start.done?.(this.#isClosed ? stopping() : new Error('Temporal is away'));
      },
      begin: (permit) =>
        this.#track(
          this.#run(this.#connection!, start, priority, permit).finally(() => {
            this.#count(start, -1);
            permit.release();
          }),
        ),
    });
  }

  /**
   * A start is too late if it has waited too long. A sweeper's start has no such limit, but is too late as soon as
   * Temporal fails to answer a call while it waits, since it would fail too.
   */
  #isTooLate({ done, sinceMs }: Start): boolean {
    return done ? this.#temporal.failedSince(sinceMs) : performance.now() - sinceMs > maxWaitMs;
  }

  #count({ key }: Start, change: number): void {
    const count = (this.#busy.get(key) ?? 0) + change;
    if (count > 0) this.#busy.set(key, count);
    else this.#busy.delete(key);
  }

  #track(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #isBlocked(): boolean {
    return !this.#connection || !this.#temporal.admits(this.#running.size, maxOpenCalls);
  }

  /** Resolves when the start no longer keeps this process busy. */
  async #run({ client, options }: Connection, start: Start, priority: Priority, permit: Permit): Promise<void> {
    const atMs = performance.now();
    if (options.eager) this.deps.permits.expect(start.id, permit);
    try {
      const result = await client.withDeadline(Date.now() + callTimeoutMs, () => start.call(client, options));
      if (start.kind !== 'batches') this.#marks.add(start.kind, start.id, atMs);
      start.done?.(result);
      this.#temporal.succeeded();
      // Its workflow task takes time of this machine too, wherever it runs.
      if (result.task === 'queued') permit.releaseSoon();
      if (result.task !== 'none') await permit.released;
    } catch (error) {
      // First, so that it is not begun again at once.
      this.#temporal.failed(error, start.id);
      if (start.done) start.done(error as Error);
      else this.#add(start, priority);
    }
  }

  /** Lets open calls end and marks what they started; what still waits is left to the sweeper. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection = undefined;
    this.deps.permits.serve();
    await Promise.race([Promise.all(this.#running), delay(closeTimeoutMs, undefined, { ref: false })]);
    this.#temporal.close();
    await this.#marks.close();
  }
}

const stopping = () => new Error('this process stops');
