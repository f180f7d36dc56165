/**
 * Requests that this process has open, by webhook and by tenant: hanging receivers may take only so many of the inline
 * lane's slots, and many of one tenant's only so many more.
 */
export class OpenRequests {
  readonly #open = new Map<number | string, number>();

  constructor(
    private readonly perWebhook = 30,
    private readonly perTenant = 60,
  ) {}

  hasRoom(webhookId: number, tenantId: string): boolean {
    return this.#count(webhookId) < this.perWebhook && this.#count(tenantId) < this.perTenant;
  }

  /** Counts a request until the returned function is called. */
  open(webhookId: number, tenantId: string): () => void {
    this.#add(webhookId, 1);
    this.#add(tenantId, 1);
    return () => {
      this.#add(webhookId, -1);
      this.#add(tenantId, -1);
    };
  }

  #count(key: number | string): number {
    return this.#open.get(key) ?? 0;
  }

  #add(key: number | string, change: number): void {
    const count = this.#count(key) + change;
    if (count > 0) this.#open.set(key, count);
    else this.#open.delete(key);
  }
}
