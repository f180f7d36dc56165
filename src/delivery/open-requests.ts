/** A request that has been open for longer than this is slow: its receiver may hang. */
const slowMs = 1_000;

export interface OpenRequestLimits {
  /** Open first attempts, which hold slots of workflow tasks. */
  perWebhook: number;
  perTenant: number;
  /** Slow requests, per tenant and in total; the other slots are for receivers that respond. */
  slowPerTenant: number;
  slow: number;
}

const defaultLimits: OpenRequestLimits = { perWebhook: 30, perTenant: 60, slowPerTenant: 100, slow: 700 };

/**
 * Counts the requests that this process has open and limits new ones, so that hanging receivers hold up no one else.
 */
export class OpenRequests {
  /** By webhook id and by tenant id, like `#slow`. */
  readonly #firstAttempts = new Map<number | string, number>();
  readonly #slow = new Map<number | string, number>();
  #slowInAll = 0;
  readonly #unattended = new Set<Promise<void>>();

  constructor(private readonly limits: OpenRequestLimits = defaultLimits) {}

  isSlow(webhookId: number): boolean {
    return this.#slow.has(webhookId);
  }

  /** Whether a first attempt may hold a workflow task. */
  admitsFirst(webhookId: number, tenantId: string): boolean {
    return (
      !this.isSlow(webhookId) &&
      (this.#firstAttempts.get(webhookId) ?? 0) < this.limits.perWebhook &&
      (this.#firstAttempts.get(tenantId) ?? 0) < this.limits.perTenant
    );
  }

  /** False for a webhook with a slow request open while slow requests use up their share of the slots. */
  admits(webhookId: number, tenantId: string): boolean {
    if (!this.isSlow(webhookId)) return true;
    return this.#slowInAll < this.limits.slow && (this.#slow.get(tenantId) ?? 0) < this.limits.slowPerTenant;
  }

  /** Counts a request until the returned function is called. */
  open(webhookId: number, tenantId: string): () => void {
    let isSlow = false;
    const countSlow = (change: 1 | -1) => {
      this.#slowInAll += change;
      for (const key of [webhookId, tenantId]) add(this.#slow, key, change);
    };
    const timer = setTimeout(() => {
      isSlow = true;
      countSlow(1);
    }, slowMs).unref();
    return () => {
      clearTimeout(timer);
      if (isSlow) countSlow(-1);
    };
  }

  /** Like `open`, and also counts the request as a first attempt of the webhook and the tenant. */
  openFirst(webhookId: number, tenantId: string): () => void {
    const close = this.open(webhookId, tenantId);
    const keys = [webhookId, tenantId];
    for (const key of keys) add(this.#firstAttempts, key, 1);
    return () => {
      close();
      for (const key of keys) add(this.#firstAttempts, key, -1);
    };
  }

  /** Keeps track of an attempt that goes on after its activity has returned. `attempt` must not reject. */
  leave(attempt: Promise<void>): void {
    this.#unattended.add(attempt);
    void attempt.then(() => this.#unattended.delete(attempt));
  }

  /** Resolves when all attempts given to `leave` have ended. */
  async idle(): Promise<void> {
    while (this.#unattended.size > 0) await Promise.all(this.#unattended);
  }
}

function add<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
