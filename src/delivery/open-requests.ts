/** From when on an open request is slow: its receiver may hang. */
const slowMs = 1_000;

export interface OpenRequestLimits {
  /** Of first attempts, which hold slots of workflow tasks. */
  perWebhook: number;
  perTenant: number;
  /** Slow requests, of a tenant and in all; the other slots are for receivers that answer. */
  slowPerTenant: number;
  slow: number;
}

const defaultLimits: OpenRequestLimits = { perWebhook: 30, perTenant: 60, slowPerTenant: 100, slow: 700 };

/** The requests that this process has open: what is admitted beside them, so that hanging receivers hold up nobody else. */
export class OpenRequests {
  /** By webhook and by tenant, as the next one. */
  readonly #firstAttempts = new Map<number | string, number>();
  readonly #slow = new Map<number | string, number>();
  #slowInAll = 0;
  readonly #unattended = new Set<Promise<void>>();

  constructor(private readonly limits: OpenRequestLimits = defaultLimits) {}

  /** Whether a first attempt may hold a workflow task. */
  admitsFirst(webhookId: number, tenantId: string): boolean {
    return (
      !this.#slow.has(webhookId) &&
      (this.#firstAttempts.get(webhookId) ?? 0) < this.limits.perWebhook &&
      (this.#firstAttempts.get(tenantId) ?? 0) < this.limits.perTenant
    );
  }

  /** False for a webhook with a slow request open, while slow requests hold their part of the slots. */
  admits(webhookId: number, tenantId: string): boolean {
    if (!this.#slow.has(webhookId)) return true;
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

  /** As `open`, and counts it among the first attempts of the webhook and of the tenant. */
  openFirst(webhookId: number, tenantId: string): () => void {
    const close = this.open(webhookId, tenantId);
    const keys = [webhookId, tenantId];
    for (const key of keys) add(this.#firstAttempts, key, 1);
    return () => {
      close();
      for (const key of keys) add(this.#firstAttempts, key, -1);
    };
  }

  /** An attempt that goes on after its activity has answered. `attempt` must not reject. */
  leave(attempt: Promise<void>): void {
    this.#unattended.add(attempt);
    void attempt.then(() => this.#unattended.delete(attempt));
  }

  /** Resolves when no attempt goes on unattended. */
  async idle(): Promise<void> {
    while (this.#unattended.size > 0) await Promise.all(this.#unattended);
  }
}

function add<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
