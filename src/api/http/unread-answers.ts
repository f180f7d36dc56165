import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface UnreadLimits {
  /** How long a client may take nothing of an answer. */
  timeoutMs: number;
  /** What all clients together may leave unread in this process. */
  maxBytes: number;
}

const defaults: UnreadLimits = { timeoutMs: 30_000, maxBytes: 64 * 1024 * 1024 };

/**
 * Answers that are made and not yet taken by their clients. Each holds its memory until it is: a client that takes
 * nothing for a while is cut off, and so are the oldest ones when all together hold too much.
 */
export class UnreadAnswers {
  readonly #limits: UnreadLimits;
  /** Oldest first. */
  readonly #unread = new Map<Socket, number>();
  #bytes = 0;

  constructor(limits: Partial<UnreadLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  watch(response: ServerResponse): void {
    // What is piped waits for the client in the middle; what is written at once waits at the end.
    response.once('pipe', () => response.socket?.setTimeout(this.#limits.timeoutMs));
    response.once('prefinish', () => this.#wait(response));
  }

  #wait(response: ServerResponse): void {
    const { socket } = response;
    if (!socket || socket.writableLength === 0) return;
    // Node lets it run out only while nothing is taken, and sets its own again when the answer is through.
    socket.setTimeout(this.#limits.timeoutMs);
    this.#forget(socket);
    this.#unread.set(socket, socket.writableLength);
    this.#bytes += socket.writableLength;
    response.once('close', () => this.#forget(socket));
    for (const oldest of this.#unread.keys()) {
      if (this.#bytes <= this.#limits.maxBytes) break;
      this.#forget(oldest);
      oldest.destroy();
    }
  }

  #forget(socket: Socket): void {
    this.#bytes -= this.#unread.get(socket) ?? 0;
    this.#unread.delete(socket);
  }
}
