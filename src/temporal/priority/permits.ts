import { EventEmitter, once } from 'node:events';
import { maxPermitWaitMs } from '../../../workflows/contract/time-budget.js';
import { FairQueue } from './fair-queue.js';
import { Permit } from './permit.js';

/** Interactive: work of a webhook that has little to do. Bulk: the rest, such as a backlog. */
export type Priority = 'interactive' | 'bulk';
/** Of the permits for bulk work, the work of webhooks with a slow request open gets this share, or what is left. */
const slowShare = 1 / 4;

/** How many permits there are at once. docs/performance.md says what was measured. */
export interface PermitLimits {
  interactive: number;
  /** Bulk, if no other key had interactive work within the last second. */
  bulkAlone: number;
  /** Bulk beside interactive work of others … */
  bulkBeside: number;
  /** … after each of which bulk work pauses for this many times as long as it took. */
  bulkPause: number;
}
export const permitLimits: PermitLimits = { interactive: 28, bulkAlone: 8, bulkBeside: 1, bulkPause: 2 };

const interactiveMemoryMs = 1_000;

export const webhookKey = (webhookId: number) => `webhook ${webhookId}`;

export interface Work {
  tenantId: string;
  /** A webhook, or the messages of a tenant. The keys of a tenant are served in turn. */
  key: string;
  begin(permit: Permit): void;
  /** While this is true of the next piece of work, its whole queue waits. */
  isBlocked?(): boolean;
  /** If true, it is bulk work from now on, and other bulk work goes first. */
  isSlow?(): boolean;
  /** If true, it is dropped instead of begun. */
  isGone?(): boolean;
  /** Called once if it was dropped. */
  drop?(): void;
}

/**
 * Decides which work begins, and when. Permits are limited, since all work shares the same processors. Within a
 * priority, tenants are served in turn. Bulk work has the process to itself while it is alone, and yields to
 * interactive work of others.
 */
export class Permits {
  readonly #queues: Record<Priority | 'slow', FairQueue<Work>> = {
    interactive: new FairQueue(),
    bulk: new FairQueue(),
    slow: new FairQueue(),
  };
  /** Permits that slow work has coming to it. */
  #slowCredit = 0;
  readonly #held: Record<Priority, number> = { interactive: 0, bulk: 0 };
  /** Permits of deliveries whose first attempt this process is about to make. */
  readonly #expected = new Map<string, Permit>();
  #acquiring = 0;
  readonly #events = new EventEmitter<{ noneAcquiring: [] }>().setMaxListeners(0);
  /** The last key with interactive work, and when; also when another key last had some. */
  #interactive = { key: '', atMs: -Infinity, otherAtMs: -Infinity };
  #pause: NodeJS.Timeout | undefined;

  constructor(private readonly limits: PermitLimits = permitLimits) {}

  /** How many pieces of work wait, of all tenants or of one. */
  waiting(priority: Priority, tenantId?: string): number {
    const queues = priority === 'bulk' ? [this.#queues.bulk, this.#queues.slow] : [this.#queues.interactive];
    return queues.reduce((sum, queue) => sum + (tenantId === undefined ? queue.size : queue.sizeOf(tenantId)), 0);
  }

  submit(priority: Priority, work: Work): void {
    this.#queues[priority].add(work.tenantId, work.key, work);
    this.serve();
  }

  /** Resolves with a permit for bulk work, after 3 s at the latest. */
  acquire({ tenantId, webhookId }: { tenantId: string; webhookId: number }): Promise<Permit> {
    const key = webhookKey(webhookId);
    return new Promise((resolve) => {
      let isGone = false;
      const begin = (permit: Permit) => {
        isGone = true;
        clearTimeout(timer);
        this.#acquiring--;
        resolve(permit);
        if (this.#acquiring === 0) this.#events.emit('noneAcquiring');
      };
      const timer = setTimeout(() => begin(this.#grant('bulk', key)), maxPermitWaitMs).unref();
      this.#acquiring++;
      this.submit('bulk', { tenantId, key, begin, isGone: () => isGone });
    });
  }

  /** Resolves when nobody waits in `acquire`. Rejects once the signal aborts. */
  async noneAcquiring(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#acquiring > 0) await once(this.#events, 'noneAcquiring', { signal });
  }

  /** The first attempt of this delivery comes with the response to its start; `of` finds its permit. */
  expect(deliveryId: string, permit: Permit): void {
    this.#expected.set(deliveryId, permit);
    void permit.released.then(() => {
      // If it was started again meanwhile, the entry holds the other start's permit.
      if (this.#expected.get(deliveryId) === permit) this.#expected.delete(deliveryId);
    });
  }

  /** Undefined for an attempt that was not announced by `expect`. */
  of(deliveryId: string): Permit | undefined {
    return this.#expected.get(deliveryId);
  }

  /** Begins what may begin now. Call it when work is no longer blocked. */
  serve(): void {
    while (this.#beginNext('interactive', this.#queues.interactive));
    while (this.#beginNext('bulk', this.#nextBulkQueue()));
  }

  #nextBulkQueue(): FairQueue<Work> {
    const { bulk, slow } = this.#queues;
    for (let work = bulk.peek(); work?.isSlow?.(); work = bulk.peek()) this.#moveToSlow(bulk);
    return slow.size > 0 && (bulk.size === 0 || this.#slowCredit >= 1) ? slow : bulk;
  }

  /** False: nothing waits, or what is next must wait longer. */
  #beginNext(priority: Priority, queue: FairQueue<Work>): boolean {
    const work = queue.peek();
    if (!work) return false;
    if (work.isGone?.()) {
      queue.take();
      work.drop?.();
    } else if (priority === 'interactive' && work.isSlow?.()) this.#moveToSlow(queue);
    else if (work.isBlocked?.() || !this.#hasRoom(priority, work.key)) return false;
    else {
      queue.take();
      if (queue === this.#queues.slow) this.#slowCredit = Math.max(0, this.#slowCredit - 1);
      else if (priority === 'bulk') this.#slowCredit = Math.min(1, this.#slowCredit + slowShare / (1 - slowShare));
      work.begin(this.#grant(priority, work.key));
    }
    return true;
  }

  #moveToSlow(queue: FairQueue<Work>): void {
    const work = queue.take()!;
    this.#queues.slow.add(work.tenantId, work.key, work);
  }

  #hasRoom(priority: Priority, key: string): boolean {
    const { interactive, bulk } = this.#held;
    if (priority === 'interactive') return interactive < this.limits.interactive;
    if (!this.#isShared(key)) return interactive + bulk < this.limits.bulkAlone;
    // Much interactive work slows itself down, as with a large fan-out; bulk work then gets half as many permits.
    const half = Math.floor((interactive - 1) / 2);
    return half > this.limits.bulkBeside ? bulk < half : !this.#pause && bulk < this.limits.bulkBeside;
  }

  /** Whether another key had interactive work within the last second. */
  #isShared(key: string): boolean {
    const last = this.#interactive;
    return performance.now() - (key === last.key ? last.otherAtMs : last.atMs) < interactiveMemoryMs;
  }

  #grant(priority: Priority, key: string): Permit {
    this.#held[priority]++;
    if (priority === 'interactive') {
      const { key: last, atMs, otherAtMs } = this.#interactive;
      this.#interactive = { key, atMs: performance.now(), otherAtMs: key === last ? otherAtMs : atMs };
    }
    const permit = new Permit();
    void permit.released.then(() => {
      this.#held[priority]--;
      if (priority === 'bulk' && this.#isShared(key)) this.#pauseFor(permit.ageMs * this.limits.bulkPause);
      this.serve();
    });
    return permit;
  }

  #pauseFor(ms: number): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.serve();
    }, ms).unref();
  }
}
