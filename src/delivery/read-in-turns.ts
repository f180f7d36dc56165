import type { Socket } from 'node:net';
import { TooManyBytesError, type ReceivedBytes } from './received-bytes.js';

/** How much one connection may read before it waits for its turn. Most responses are shorter and never wait. */
const turnBytes = 16_384;

/**
 * Connections that have more to read wait here: one of them reads in each turn of the event loop. Otherwise Node reads
 * up to 2 MB of a socket in one go, and parsing 1 MB that is crafted to be slow takes 200 ms.
 */
export class ReadingTurns {
  readonly #waiting = new Set<() => void>();
  #isNextDue = false;

  /** Calls `read` in a later turn, and only once even if `wait` was called several times meanwhile. */
  wait(read: () => void): void {
    this.#waiting.add(read);
    this.#callNext();
  }

  #callNext(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    setImmediate(() => {
      this.#isNextDue = false;
      const [read] = this.#waiting;
      if (!read) return;
      this.#waiting.delete(read);
      if (this.#waiting.size > 0) this.#callNext();
      read();
    });
  }
}

/**
 * A socket that is read in turns. It is closed as soon as it has sent too much, or anything while no request is open.
 */
export interface TurnwiseSocket {
  /** No response is due: whatever comes is unsolicited. */
  isIdle: boolean;
}

/**
 * Replaces the socket's `read`, which undici calls: when it gets null it waits for `readable`. What is not read stays
 * in the socket's buffer, and a full buffer stops Node from reading on.
 */
export function readInTurns(socket: Socket, received: ReceivedBytes, turns: ReadingTurns): TurnwiseSocket {
  const turnwise = { isIdle: false };
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  let bytesLeft = turnBytes;
  const nextTurn = (): void => {
    bytesLeft = turnBytes;
    if (!socket.destroyed) socket.emit('readable');
  };
  socket.read = (size?: number): Buffer | null => {
    // These are Node's own calls, which fill the buffer or notice the end.
    if (size !== undefined || socket.readableLength === 0) return read(size);
    if (turnwise.isIdle) {
      socket.destroy();
      return null;
    }
    if (received.areTooMany) {
      socket.destroy(new TooManyBytesError());
      return null;
    }
    if (bytesLeft === 0) {
      turns.wait(nextTurn);
      return null;
    }
    const chunk = read(Math.min(bytesLeft, socket.readableLength));
    bytesLeft -= chunk?.length ?? 0;
    return chunk;
  };
  return turnwise;
}
