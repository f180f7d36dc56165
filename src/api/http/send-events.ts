import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';

/** One block of a `text/event-stream`. */
export interface ServerSentEvent<Data = unknown> {
  /** The client sends it back as `Last-Event-ID` when it connects again. */
  id?: string;
  data?: Data;
  comment?: string;
}

/** Events that are sent for as long as both sides like. `close` ends it, and may be called at any time, more than once. */
export interface EventStream<Data = unknown> {
  /** Where it begins: what `Last-Event-ID` would be before the first event. */
  position: string;
  events(): AsyncGenerator<ServerSentEvent<Data>>;
  close(reason?: 'unread'): void;
}

/**
 * Sends the events as fast as the client reads, so that little is in memory: a client that reads nothing for too long is
 * cut off, and resumes where it was. Resolves when the stream has ended, whoever ended it, and closes it.
 */
export async function sendEvents(request: Request, response: Response, stream: EventStream): Promise<void> {
  const { socket } = response;
  socket?.once('timeout', () => stream.close('unread'));
  // As it is: Express would add a charset, which the format has no use for.
  response.setHeader('Content-Type', 'text/event-stream');
  response.set({
    // Proxies neither keep, compress nor collect it.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    // Its connection is not worth keeping, least of all in a shutdown.
    Connection: 'close',
    'Last-Event-ID': stream.position,
  });
  try {
    if (request.method === 'HEAD') return void response.end();
    response.flushHeaders();
    await pipeline(Readable.from(asText(stream), { highWaterMark: 1 }), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    stream.close();
  }
}

async function* asText(stream: EventStream): AsyncGenerator<string> {
  for await (const { id, data, comment } of stream.events()) {
    const lines = [
      ...(comment === undefined ? [] : [`: ${comment.replaceAll(/[\r\n]+/g, ' ')}`]),
      ...(id === undefined ? [] : [`id: ${id}`]),
      ...(data === undefined ? [] : [`data: ${JSON.stringify(data)}`]),
    ];
    yield `${lines.join('\n')}\n\n`;
  }
}
