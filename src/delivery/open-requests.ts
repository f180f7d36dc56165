/** Requests that this process has open, by webhook: one hanging receiver may take only so many of the inline lane's slots. */
export class OpenRequests {
  readonly #byWebhook = new Map<number, number>();

  constructor(private readonly perWebhook = 10) {}

  hasRoom(webhookId: number): boolean {
    return (this.#byWebhook.get(webhookId) ?? 0) < this.perWebhook;
  }

  /** Counts a request until the returned function is called. */
  open(webhookId: number): () => void {
    this.#byWebhook.set(webhookId, (this.#byWebhook.get(webhookId) ?? 0) + 1);
    return () => {
      const left = (this.#byWebhook.get(webhookId) ?? 1) - 1;
      if (left > 0) this.#byWebhook.set(webhookId, left);
      else this.#byWebhook.delete(webhookId);
    };
  }
}
