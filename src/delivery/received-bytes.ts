import type { Socket } from 'node:net';

/** A receiver that sends more than this for one request is cut off: 1 MB. */
const defaultMaxBytes = 1_048_576;

/**
 * Everything that a receiver sends for one request, counted on the TCP connection: interim answers, headers, body,
 * chunk framing and trailers, and the TLS records around them, also those that carry no data. So there is nothing that
 * a receiver could send without it being counted.
 */
export class ReceivedBytes {
  #before = 0;

  constructor(
    private readonly tcp: Socket,
    private readonly max = defaultMaxBytes,
  ) {}

  /** What came until now was for an earlier request. The first request of a connection counts the TLS handshake too. */
  restart(): void {
    this.#before = this.tcp.bytesRead;
  }

  get areTooMany(): boolean {
    return this.tcp.bytesRead - this.#before > this.max;
  }
}

/** What the socket is destroyed with. */
export class TooManyBytesError extends Error {
  readonly code = 'ERR_TOO_MANY_BYTES';
  constructor() {
    super('the receiver sent more than is read for one request');
  }
}
