import type { Socket } from 'node:net';

/** A receiver that sends more than this for one request is cut off: 1 MB. */
const defaultMaxBytes = 1_048_576;

/**
 * Counts everything that a receiver sends for one request, on the TCP connection: interim responses, headers, body,
 * chunk framing and trailers, and the TLS records around them, even those that carry no data. So a receiver can send
 * nothing that is not counted.
 */
export class ReceivedBytes {
  #before = 0;

  constructor(
    private readonly tcp: Socket,
    private readonly max = defaultMaxBytes,
  ) {}

  /** What came until now counts for earlier requests. The TLS handshake counts for a connection's first request. */
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
