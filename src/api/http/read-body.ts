import express, { type Request, type Response } from 'express';
import { InvalidInputError } from '../../errors.js';
import { TooLargeError } from './api-errors.js';
import { parseJsonText, type ParsedJson } from '../../events/json-text.js';

const limitBytes = 1024 * 1024;
const readBytes = express.raw({ type: () => true, limit: limitBytes });
/** Each piece costs a hundred bytes of memory, however small it is. Even a slow line makes only two thousand. */
const maxPieces = 20_000;

/**
 * The JSON body of a request; undefined if there is none, or an empty one. Throws TooLargeError over 1 MB
 * (decompressed); InvalidInputError for a body that is not JSON, has another Content-Type, or comes in over 20,000
 * pieces.
 */
export async function readBody(request: Request, response: Response): Promise<ParsedJson | undefined> {
  const bytes = await new Promise<unknown>((resolve, reject) => {
    let pieces = 0;
    request.on('data', () => {
      pieces += 1;
      if (pieces <= maxPieces) return;
      // The rest is not read.
      request.pause();
      response.set('Connection', 'close');
      reject(new InvalidInputError(`The body came in over ${maxPieces} pieces; send it in larger ones.`));
    });
    readBytes(request, response, (error?: Error) => {
      if (error) reject(translate(error));
      else resolve(request.body);
    });
  });
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return undefined;
  checkContentType(request.headers['content-type']);
  return parseJsonText(bytes);
}

function checkContentType(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((parameter) => /^charset\s*=\s*"?([^"\s]*)"?$/.exec(parameter.trim())?.[1])
    .find(Boolean);
  if (type.trim() === 'application/json' && (charset ?? 'utf-8') === 'utf-8') return;
  const given =
    contentType === undefined ? 'no Content-Type' : `Content-Type ${JSON.stringify(contentType.slice(0, 100))}`;
  throw new InvalidInputError(`The body came with ${given}; send JSON in UTF-8 with "Content-Type: application/json".`);
}

/** body-parser names the kind of its errors in `type`; those of the decompressor only have its status. */
function translate(error: Error & { type?: string; status?: number }): Error {
  if (error.type === 'entity.too.large') {
    return new TooLargeError(`The body is larger than ${limitBytes} bytes; send less in one request.`);
  }
  if (error.type === 'encoding.unsupported') {
    return new InvalidInputError(
      'The Content-Encoding of the body is not supported; send it uncompressed, or compressed with gzip, deflate or br.',
    );
  }
  if (error.type === 'request.aborted' || error.type === 'request.size.invalid') {
    return new InvalidInputError('The body did not arrive completely; send it again.');
  }
  return error.status === 400
    ? new InvalidInputError('The body cannot be read: it is not compressed as its Content-Encoding says.')
    : error;
}
