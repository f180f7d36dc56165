import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Connected } from './connect.js';
import { readInTurns, type ReadingTurns, type TurnwiseSocket } from './read-in-turns.js';
import type { ReceivedBytes } from './received-bytes.js';

export interface ExchangeInput {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  maxResponseBytes: number;
  /** Whether the connection may carry another request after this one; if not, the receiver is told. */
  keepOpen: boolean;
  /** Called immediately before the first byte is written. If it aborts the signal, nothing is written. */
  onBegin?: () => void;
  /** Called when the status line and headers of the response have arrived. */
  onResponse?: () => void;
}

/** A response as it came over the wire. */
export interface RawResponse {
  statusCode: number;
  /** Names and values in turn. */
  rawHeaders: Buffer[];
  body: Buffer;
  /** More was sent than `maxResponseBytes`. */
  truncated: boolean;
}

/** A request that got no complete response, and what is known about how far it went. */
export class ExchangeError extends Error {
  constructor(
    override readonly cause: Error & { code?: string },
    /**
     * When the request was handed to the socket (`performance.now()`); undefined if no byte of it was. Whether bytes
     * that were handed over have left this machine cannot be known.
     */
    readonly sentAtMs: number | undefined,
    /** At least one byte of a response came. */
    readonly responseStarted: boolean,
    /** The receiver closed its side; false if we gave up on what it sent. */
    readonly closedByReceiver: boolean,
  ) {
    super('no complete response');
  }
}

/** Responses with these statuses have no body, whatever a `Content-Length` says (RFC 9110 §6.4.1, §15.3.6). */
const statusesWithoutBody = new Set([204, 205, 304]);
/** Interim responses (1xx; RFC 9110 §15.2): each costs us more than its bytes; one or two are usual. */
const maxInterimResponses = 100;
const noResponseYet = { statusCode: 0, rawHeaders: [] as Buffer[] };

/**
 * One socket that speaks HTTP/1.1, one request at a time. It never reconnects: once closed it stays closed, so its
 * address and certificate are always those that it was opened with.
 */
export class Connection {
  /** Called when the socket has closed, whoever closed it. Set by the current holder; there is only one. */
  onClosed: (() => void) | undefined;
  private readonly client: Client;
  private readonly socket: Socket;
  private readonly received: ReceivedBytes;
  private readonly turnwise: TurnwiseSocket;
  private isKept = true;
  private isNew = true;

  constructor(origin: string, { socket, received }: Connected, turns: ReadingTurns) {
    this.socket = socket;
    this.received = received;
    this.turnwise = readInTurns(socket, received, turns);
    socket.once('close', () => this.onClosed?.());
    let connects = 0;
    this.client = new Client(origin, {
      // undici would open another socket after this one has closed. In a microtask, since undici misses a callback that
      // is called synchronously.
      connect: (_, callback) =>
        queueMicrotask(() => (connects++ === 0 ? callback(null, socket) : callback(new ConnectionGoneError(), null))),
      // Idle for 4 s at most, or 1 s less than a shorter or longer time that the receiver announces: opening one
      // connection too many is better than sending on one that is just being closed.
      keepAliveTimeout: 4000,
      keepAliveTimeoutThreshold: 1000,
      keepAliveMaxTimeout: 30_000,
      // The attempt has one deadline of its own, from the lookup to the last byte.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 16_384,
    });
  }

  /** False when closed, or when it must not carry another request. */
  get isUsable(): boolean {
    const { destroyed, writable, readableEnded, writableLength } = this.socket;
    // A receiver may respond before it has read everything, and then stop reading: the next request would wait forever.
    return this.isKept && !destroyed && writable && !readableEnded && writableLength === 0;
  }

  destroy(): void {
    this.isKept = false;
    this.socket.destroy();
  }

  /**
   * Sends a POST and reads its response. Rejects with an ExchangeError, or with the signal's reason. After anything but
   * a complete response the socket is closed; `isUsable` says whether it may be used again.
   */
  exchange(input: ExchangeInput, signal: AbortSignal): Promise<RawResponse> {
    return new Promise((resolve, reject) => {
      const kept = new BodyBuffer(input.maxResponseBytes);
      let head = noResponseYet;
      let sentAtMs: number | undefined;
      let responseStarted = false;
      let interimResponses = 0;
      let closedByReceiver = false;
      let isSettled = false;

      const settle = (act: () => void): void => {
        if (isSettled) return;
        isSettled = true;
        signal.removeEventListener('abort', onAbort);
        this.socket.off('end', onEnd);
        this.turnwise.isIdle = true;
        act();
      };
      const finish = (truncated: boolean): void => settle(() => resolve({ ...head, body: kept.bytes, truncated }));
      const onEnd = (): void => void (closedByReceiver = true);
      const onAbort = (): void => {
        settle(() => reject(signal.reason as Error));
        this.destroy();
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort);
      // Before undici's own listener, which ends the request.
      this.socket.prependListener('end', onEnd);

      if (!this.isNew) this.received.restart();
      this.isNew = false;
      const { path, headers, body, keepOpen } = input;
      this.client.dispatch(
        { method: 'POST', path, headers, body, ...(!keepOpen && { reset: true }) },
        {
          // Called in the same step as the write, and right before it.
          onRequestStart: (controller) => {
            input.onBegin?.();
            if (isSettled) return controller.abort(signal.reason as Error);
            sentAtMs = performance.now();
            this.turnwise.isIdle = false;
          },
          onResponseStarted: () => void (responseStarted = true),
          onResponseStart: ({ rawHeaders }, statusCode) => {
            if (statusCode < 200) {
              if (++interimResponses > maxInterimResponses) this.socket.destroy(new TooManyInterimResponsesError());
              return;
            }
            head = { statusCode, rawHeaders: rawHeaders as Buffer[] };
            input.onResponse?.();
            if (!statusesWithoutBody.has(statusCode)) return;
            // A clean end is reported before the microtask; whatever comes after it is not part of this response.
            queueMicrotask(() => {
              if (isSettled) return;
              this.destroy();
              finish(false);
            });
          },
          onResponseData: (_, chunk) => {
            if (kept.add(chunk)) return;
            finish(true);
            this.destroy();
          },
          onResponseEnd: () => finish(false),
          onResponseError: (_, error) => {
            settle(() => reject(new ExchangeError(error, sentAtMs, responseStarted, closedByReceiver)));
            this.destroy();
          },
        },
      );
    });
  }
}

/** The beginning of a body. Copied, since a body in chunks of one byte would otherwise hold sixty thousand buffers. */
class BodyBuffer {
  #buffer = Buffer.alloc(0);
  #size = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  /** False if not all of the chunk fitted. */
  add(chunk: Buffer): boolean {
    const end = Math.min(this.#size + chunk.length, this.maxBytes);
    if (end > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(end, 2 * this.#buffer.length), this.maxBytes));
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
    const added = chunk.copy(this.#buffer, this.#size, 0, end - this.#size);
    this.#size = end;
    return added === chunk.length;
  }
}

class TooManyInterimResponsesError extends Error {
  readonly code = 'ERR_TOO_MANY_INTERIM_RESPONSES';
  constructor() {
    super('the receiver sent more interim responses than are read for one request');
  }
}

/** The socket had closed before the request could be written to it. */
class ConnectionGoneError extends Error {
  readonly code = 'ECONNRESET';
  constructor() {
    super('the connection was closed before the request was written');
  }
}
