import PQueue from 'p-queue';

/** More would only slow each other down: a call costs mostly CPU, of which this process has one core. */
const atOncePerTenant = 4;

/** Carries out only a few calls of a tenant at once, so that a burst of its calls does not delay those of others. */
export class TenantCalls {
  readonly #queues = new Map<string, PQueue>();

  /** Waits for the tenant's earlier calls, then carries out `call` and returns its result. */
  run<T>(tenantId: string, call: () => Promise<T>): Promise<T> {
    return this.#queueOf(tenantId).add(call);
  }

  #queueOf(tenantId: string): PQueue {
    const found = this.#queues.get(tenantId);
    if (found) return found;
    const queue = new PQueue({ concurrency: atOncePerTenant });
    queue.on('idle', () => this.#queues.delete(tenantId));
    this.#queues.set(tenantId, queue);
    return queue;
  }
}
