import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface UnreadLimits {
  /** How long a client may read nothing of a response. */
  timeoutMs: number;
  /** What all clients together may leave unread in this process. */
  maxBytes: number;
}

const defaults: UnreadLimits = { timeoutMs: 30_000, maxBytes: 64 * 1024 * 1024 };

/**
 * Responses that their clients have not read yet. Each holds its memory until then, so a client that reads nothing for
 * a while is cut off, and so are the oldest ones when all together hold too much.
 */
export class UnreadResponses {
  readonly #limits: UnreadLimits;
  /** Oldest first. */
  readonly #unread = new Map<Socket, number>();
  #bytes = 0;

  constructor(limits: Partial<UnreadLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  watch(response: ServerResponse): void {
    // A piped response waits for its client midway; one that is written in one piece waits at the end.
    response.once('pipe', () => response.socket?.setTimeout(this.#limits.timeoutMs));
    response.once('prefinish', () => this.#wait(response));
  }

  #wait(response: ServerResponse): void {
    const { socket } = response;
    if (!socket || socket.writableLength === 0) return;
    // The timeout runs only while nothing is read; after the response, Node sets its own again.
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
