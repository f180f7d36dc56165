import type { Database } from '../../db/database.js';
import {
  findStreamedWebhook,
  listStreamedDeliveries,
  type StreamedDelivery,
  type StreamedWebhook,
} from '../../db/delivery-streams.js';
import { UnreadableError, type Sealer } from '../../encryption/seal.js';
import { signedHeaders } from '../../encryption/signed-headers.js';
import type { Logger } from '../../log.js';
import type { Transforms } from '../../transform/transforms.js';
import type { EventStream, ServerSentEvent } from '../http/send-events.js';

export interface StreamDeps {
  db: Database;
  sealer: Sealer;
  transforms: Pick<Transforms, 'evaluate'>;
  log: Logger;
  /** This service's version, for the User-Agent. */
  version: string;
}

export interface StreamRequest {
  tenantId: string;
  webhookId: number;
  /** Null: the key of `IRISX_ADMIN_KEY`, or a tenant's session. */
  keyId: string | null;
  /** Null: no session. */
  sessionId: string | null;
  /** Where it begins. */
  afterId: string;
}

/** A delivery as its first request would be sent now. */
export interface DeliveryMessage {
  delivery_id: string;
  headers: Record<string, string>;
  body: string;
}

interface StreamHooks {
  heartbeatMs: number;
  /** Runs it in its turn. */
  readPage<T>(read: () => Promise<T>): Promise<T>;
  onClose(): void;
}

/** `horizon`: up to where there may be more deliveries; absent: there are none, it is woken for another reason. */
interface Wake {
  horizon?: string;
}

/** So many are read, each in its turn, until the stream waits to be woken: a long backlog takes no process for itself. */
const pagesPerWake = 8;

/** One client's stream. It holds a page of deliveries at most, and asks for the next one when the client has read it. */
export class DeliveryStream implements EventStream<DeliveryMessage> {
  /** Everything up to this id was sent, or is not sent. */
  position: string;
  /** Why it ends. */
  #end: string | undefined;
  #wake: ((wake: Wake) => void) | undefined;
  #sentAtMs = performance.now();

  constructor(
    private readonly deps: StreamDeps,
    private readonly request: StreamRequest,
    private readonly hooks: StreamHooks,
  ) {
    this.position = request.afterId;
  }

  get tenantId(): string {
    return this.request.tenantId;
  }

  get owner(): Pick<StreamRequest, 'keyId' | 'sessionId' | 'webhookId'> {
    const { keyId, sessionId, webhookId } = this.request;
    return { keyId, sessionId, webhookId };
  }

  /** Whether its client has read everything that it was given. */
  get isWaiting(): boolean {
    return this.#wake !== undefined;
  }

  /** Whether its client has heard nothing for so long that it needs a sign. */
  get isSilent(): boolean {
    return performance.now() - this.#sentAtMs >= this.hooks.heartbeatMs;
  }

  /** Has no effect unless it is waiting. */
  wake(wake: Wake = {}): void {
    this.#wake?.(wake);
  }

  /** Its client is told the reason, in a comment. */
  end(reason: string): void {
    this.#end ??= reason;
    this.wake();
  }

  close(reason?: 'unread'): void {
    if (reason)
      this.deps.log.info({ tenant: this.tenantId, webhook: this.request.webhookId }, 'stream.dropped: not read');
    this.end('closed');
    this.hooks.onClose();
  }

  async *events(): AsyncGenerator<ServerSentEvent<DeliveryMessage>> {
    // For clients that read no headers, as EventSource: without an event they would resume later than here.
    yield { comment: 'connected', id: this.position };
    while (this.#end === undefined) {
      const { horizon } = await this.#nextWake();
      for (let page = 0; horizon !== undefined && page < pagesPerWake && this.#end === undefined; page++)
        if (!(yield* this.#page(horizon))) break;
      if (this.isSilent && this.#end === undefined) {
        this.#sentAtMs = performance.now();
        yield { comment: 'nothing new' };
      }
    }
    yield { comment: `end: ${this.#end}` };
  }

  async #nextWake(): Promise<Wake> {
    const wake = await new Promise<Wake>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    return wake;
  }

  /** Returns whether there may be another page. */
  async *#page(beforeId: string): AsyncGenerator<ServerSentEvent<DeliveryMessage>, boolean> {
    const { db } = this.deps;
    const { webhookId } = this.request;
    try {
      const { webhook, deliveries } = await this.hooks.readPage(async () => ({
        webhook: await findStreamedWebhook(db, webhookId),
        deliveries: await listStreamedDeliveries(db, webhookId, { afterId: this.position, beforeId }),
      }));
      if (!webhook) {
        this.end('the webhook was deleted');
        return false;
      }
      const askedAtMs = performance.now();
      for (const delivery of deliveries) {
        const message = await this.#messageOf(delivery, webhook, askedAtMs);
        if (message === 'busy' || this.#end !== undefined) return false;
        this.position = delivery.id;
        if (message === null) continue;
        this.#sentAtMs = performance.now();
        yield message;
      }
      // What there is up to the horizon is no delivery of an event: a batch.
      if (deliveries.length === 0 && beforeId > this.position) this.position = beforeId;
      return deliveries.length > 0;
    } catch (error) {
      this.deps.log.warn({ error, tenant: this.tenantId, webhook: webhookId }, 'stream.failed');
      this.end(
        error instanceof UnreadableError
          ? 'the secret or the headers of the webhook cannot be decrypted; rotate the secret or set them again'
          : 'deliveries cannot be read now',
      );
      return false;
    }
  }

  /** Null: nothing is sent for it, nor was. `busy`: too many transforms are evaluated; try again. */
  async #messageOf(
    { id, body, isTransformed, ...event }: StreamedDelivery,
    { now, ...webhook }: StreamedWebhook,
    askedAtMs: number,
  ): Promise<ServerSentEvent<DeliveryMessage> | 'busy' | null> {
    if (body === null) return null;
    const { tenantId, transform: expression } = webhook;
    if (expression !== null && !isTransformed) {
      const made = await this.deps.transforms.evaluate({ tenantId, expression, envelope: body });
      if (made.kind === 'busy') return 'busy';
      if (made.kind === 'failed')
        return { id, comment: `delivery ${id} has no body: the transform fails: ${made.message}` };
      body = made.body;
    }
    const takenAt = new Date(now.getTime() + performance.now() - askedAtMs);
    const headers = signedHeaders(this.deps, id, { ...event, ...webhook, body, number: 1, takenAt });
    return { id, data: { delivery_id: id, headers, body } };
  }
}
