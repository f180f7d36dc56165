import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Sends each value as a line of JSON, as fast as the client reads, so that little is in memory. Rejects if reading the
 * values fails; the response is cut off then. A client that leaves, or reads nothing for too long, ends it without that.
 */
export async function sendLines(response: Response, lines: AsyncIterable<unknown>): Promise<void> {
  response.type('application/x-ndjson');
  try {
    await pipeline(Readable.from(asText(lines), { highWaterMark: 1 }), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

async function* asText(lines: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
