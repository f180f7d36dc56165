import { setTimeout as delay } from 'node:timers/promises';
import PQueue from 'p-queue';
import { readStreams, streamHorizon } from '../../db/delivery-streams.js';
import { DatabaseUnavailableError } from '../../db/database.js';
import { TooManyRequestsError } from '../http/api-errors.js';
import { DeliveryStream, type StreamDeps, type StreamRequest } from './delivery-stream.js';

export interface StreamLimits {
  /** How often this process looks for new deliveries, while anybody listens. */
  pollMs: number;
  /** A stream without events has a comment this often: proxies and clients see that it lives. */
  heartbeatMs: number;
  /** Open streams in this process: of one tenant, and in all. */
  ofTenant: number;
  inAll: number;
}

export interface OpenStream extends Omit<StreamRequest, 'afterId'> {
  /** The last delivery that the client has; null: it wants what is accepted from now on. */
  lastEventId: string | null;
}

const defaults: StreamLimits = { pollMs: 300, heartbeatMs: 15_000, ofTenant: 10, inAll: 250 };

const retrySeconds = 10;
/** Pages that are read at the same time: the API's calls need the connections as well. */
const pagesAtOnce = 2;

/**
 * The open streams of a process. While there are any, one loop asks for all of them together what is new; with none,
 * nothing is asked. Postgres holds what a stream has not sent yet, so nothing is buffered for a slow client.
 */
export class DeliveryStreams {
  readonly #limits: StreamLimits;
  readonly #open = new Set<DeliveryStream>();
  readonly #pages = new PQueue({ concurrency: pagesAtOnce });
  #isPolling = false;
  #isClosed = false;

  constructor(
    private readonly deps: StreamDeps,
    limits: Partial<StreamLimits> = {},
  ) {
    this.#limits = { ...defaults, ...limits };
  }

  /**
   * A stream of what is accepted from now on, or after `lastEventId`. Whoever opens it must close it. Throws
   * TooManyRequestsError when the tenant, or the process, has as many as it may.
   */
  async open({ lastEventId, ...request }: OpenStream): Promise<DeliveryStream> {
    const afterId = lastEventId ?? (await streamHorizon(this.deps.db));
    this.#refuseTooMany(request.tenantId);
    const stream: DeliveryStream = new DeliveryStream(
      this.deps,
      { ...request, afterId },
      {
        heartbeatMs: this.#limits.heartbeatMs,
        readPage: (read) => this.#pages.add(read),
        onClose: () => this.#open.delete(stream),
      },
    );
    this.#open.add(stream);
    if (this.#isClosed) stream.end(restarting);
    else void this.#poll();
    return stream;
  }

  /** Ends all streams; new ones end at once. */
  close(): void {
    this.#isClosed = true;
    for (const stream of this.#open) stream.end(restarting);
  }

  #refuseTooMany(tenantId: string): void {
    const ofTenant = [...this.#open].filter((stream) => stream.tenantId === tenantId).length;
    const { ofTenant: maxOfTenant, inAll } = this.#limits;
    if (ofTenant < maxOfTenant && this.#open.size < inAll) return;
    const what = ofTenant >= maxOfTenant ? `${maxOfTenant} streams of this tenant` : `${inAll} streams`;
    throw new TooManyRequestsError(
      `${what} are open in this process already; close one, or try again in ${retrySeconds} seconds.`,
      retrySeconds,
    );
  }

  /** Runs until no stream is open. Never rejects. */
  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    while (this.#open.size > 0 && !this.#isClosed) {
      await delay(this.#limits.pollMs, undefined, { ref: false });
      try {
        await this.#askOnce([...this.#open]);
      } catch (error) {
        // Clients connect again, and then hear why they must wait.
        this.deps.log[error instanceof DatabaseUnavailableError ? 'warn' : 'error']({ error }, 'streams.poll_failed');
        for (const stream of this.#open) stream.end('deliveries cannot be read now');
      }
    }
    this.#isPolling = false;
  }

  async #askOnce(streams: DeliveryStream[]): Promise<void> {
    if (streams.length === 0) return;
    const states = await readStreams(
      this.deps.db,
      streams.map((stream) => ({ ...stream.owner, afterId: stream.isWaiting ? stream.position : null })),
    );
    const withNews: DeliveryStream[] = [];
    for (const [i, stream] of streams.entries()) {
      const { hasCaller, hasWebhook, hasMore } = states[i]!;
      if (!hasCaller) stream.end('the API key or session was deleted or has expired');
      else if (!hasWebhook) stream.end('the webhook was deleted');
      else if (hasMore) withNews.push(stream);
      else if (stream.isSilent) stream.wake();
    }
    if (withNews.length === 0) return;
    const horizon = await streamHorizon(this.deps.db);
    for (const stream of withNews) stream.wake({ horizon });
  }
}

const restarting = 'the service is restarting';
