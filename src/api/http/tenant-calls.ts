import PQueue from 'p-queue';

/** More would only slow each other down: a call costs mostly CPU, of which this process has one core. */
const concurrencyPerTenant = 4;
/** While Postgres responds late, earlier calls must not delay the errors of later ones. */
const maxWaitMs = 2_000;

/** Carries out few calls of a tenant at a time, so that a burst of its calls does not delay those of others. */
export class TenantCalls {
  readonly #queues = new Map<string, PQueue>();

  /** Waits for the tenant's earlier calls, 2 s at most, then carries out `call` and returns its result. */
  async run<T>(tenantId: string, call: () => Promise<T>): Promise<T> {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), maxWaitMs);
    const begin = () => {
      clearTimeout(timer);
      return call();
    };
    return this.#queueOf(tenantId)
      .add(begin, { signal: waiting.signal })
      .catch((error: unknown) => {
        if (!waiting.signal.aborted) throw error;
        return call();
      });
  }

  #queueOf(tenantId: string): PQueue {
    const found = this.#queues.get(tenantId);
    if (found) return found;
    const queue = new PQueue({ concurrency: concurrencyPerTenant });
    queue.on('idle', () => this.#queues.delete(tenantId));
    this.#queues.set(tenantId, queue);
    return queue;
  }
}
