import express, { type Request, type Response } from 'express';
import { InvalidInputError } from '../errors.js';
import { TooLargeError, UnsupportedMediaTypeError } from './api-errors.js';
import { parseJsonText, type ParsedJson } from './json-text.js';

const limitBytes = 1024 * 1024;
const readBytes = express.raw({ type: () => true, limit: limitBytes });

/**
 * The JSON body of a request; undefined where there is none or an empty one. Throws TooLargeError over 1 MB
 * (decompressed), UnsupportedMediaTypeError for what does not call itself JSON, InvalidInputError for what is not JSON.
 */
export async function readBody(request: Request, response: Response): Promise<ParsedJson | undefined> {
  const bytes = await new Promise<unknown>((resolve, reject) => {
    readBytes(request, response, (error: unknown) => (error ? reject(translate(error)) : resolve(request.body)));
  });
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return undefined;
  checkContentType(request.headers['content-type']);
  return parseJsonText(bytes);
}

function checkContentType(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1]).find(Boolean);
  if (type.trim() === 'application/json' && (charset ?? 'utf-8') === 'utf-8') return;
  const given = contentType === undefined ? 'no Content-Type' : `Content-Type ${JSON.stringify(contentType.slice(0, 100))}`;
  throw new UnsupportedMediaTypeError(`The body came with ${given}; send JSON in UTF-8 with "Content-Type: application/json".`);
}

/** body-parser names the kind of its errors in `type`. */
function translate(error: unknown): unknown {
  switch ((error as { type?: string }).type) {
    case 'entity.too.large':
      return new TooLargeError(`The body is larger than ${limitBytes} bytes; send less at once.`);
    case 'encoding.unsupported':
      return new UnsupportedMediaTypeError(
        'The Content-Encoding of the body is not supported; send it as it is, or compressed with gzip, deflate or br.',
      );
    case 'request.aborted':
    case 'request.size.invalid':
      return new InvalidInputError('The body did not arrive whole; send it again.');
  }
  // What is left comes from the decompressor, or is none of the client's doing and carries no status.
  return isClientError(error) ? new InvalidInputError('The body cannot be read: it is not compressed as it claims.') : error;
}

const isClientError = (error: unknown): boolean => {
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500;
};
