/** What the switch sent is not a frame: nothing after it on this connection can be trusted. */
export class BadFrameError extends Error {
  override readonly name = 'BadFrameError';
}

export interface Frame {
  headers: ReadonlyMap<string, string>;
  contentType: string;
  body: Buffer;
}

const eventTypes = new Set(['text/event-json', 'text/event-plain']);
const knownTypes = new Set([
  ...eventTypes,
  'auth/request',
  'command/reply',
  'api/response',
  'log/data',
  'text/disconnect-notice',
  'text/rude-rejection',
]);
const maxHeaderBytes = 64 * 1024;
/** A list of a few thousand channels has a few MB. */
const maxBodyBytes = 64 * 1024 * 1024;

/**
 * Cuts the event socket's stream into frames, wherever the packets end: header lines, an empty line, and as many bytes
 * (never characters) of body as Content-Length says.
 */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The frames that are complete now, in order. @throws {BadFrameError} after yielding the good frames before it */
  *read(bytes: Buffer): Generator<Frame> {
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, bytes]) : bytes;
    for (;;) {
      const headerEnd = this.#pending.indexOf('\n\n');
      if ((headerEnd < 0 ? this.#pending.length : headerEnd) > maxHeaderBytes)
        throw new BadFrameError(`headers of over ${maxHeaderBytes} bytes`);
      if (headerEnd < 0) return;
      const headers = readHeaderLines(this.#pending.toString('utf8', 0, headerEnd));
      const contentType = headers.get('Content-Type') ?? '';
      if (!knownTypes.has(contentType)) throw new BadFrameError('a frame with an unknown Content-Type');
      const bodyStart = headerEnd + 2;
      const end = bodyStart + bodyLength(headers, contentType);
      if (this.#pending.length < end) return;
      const body = this.#pending.subarray(bodyStart, end);
      this.#pending = this.#pending.subarray(end);
      yield { headers, contentType, body };
    }
  }
}

/** `Name: value` lines; values may hold `: ` themselves. */
export function readHeaderLines(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new BadFrameError('a header line without a name');
    headers.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  return headers;
}

function bodyLength(headers: ReadonlyMap<string, string>, contentType: string): number {
  const text = headers.get('Content-Length');
  if (text === undefined && !eventTypes.has(contentType)) return 0;
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new BadFrameError('a Content-Length that is not a number');
  const length = Number(text);
  if (length > maxBodyBytes) throw new BadFrameError(`a body of over ${maxBodyBytes} bytes`);
  return length;
}
