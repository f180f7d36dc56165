import { TextDecoder } from 'node:util';
import type { RawResponse } from './connection.js';
import { maskHeaders } from './mask-headers.js';
import type { ReceiverResponse } from './outcome.js';

const maxHeaderCharacters = 16_384;

/** A response as it is stored and shown. Never fails, whatever the bytes are: the attempt has happened. */
export function readResponse({ statusCode, rawHeaders, body, truncated }: RawResponse): ReceiverResponse {
  const headers = joinHeaders(rawHeaders);
  return {
    statusCode,
    headers: maskHeaders(capHeaders(headers)),
    body: decodeBody(body, headers['content-type'], truncated),
    truncated,
  };
}

/** The raw value of a header that occurs exactly once; a repeated header is ambiguous, so it counts as absent. */
export function singleHeader(rawHeaders: Buffer[], name: string): string | undefined {
  const values = pairs(rawHeaders).filter(([key]) => key === name);
  return values.length === 1 ? values[0]?.[1].replace(/^[\t ]+|(?<![\t ])[\t ]+$/g, '') : undefined;
}

function joinHeaders(rawHeaders: Buffer[]): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of pairs(rawHeaders)) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  // Not by assignment, since a header may be called __proto__.
  return Object.fromEntries(joined);
}

function pairs(rawHeaders: Buffer[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    found.push([showText(rawHeaders[i]).toLowerCase(), showText(rawHeaders[i + 1])]);
  }
  return found;
}

const utf8 = new TextDecoder();

function showText(bytes: Buffer | undefined): string {
  return replaceNul(utf8.decode(bytes));
}

/** A replacement character takes three times the byte that it stands for, so the text is capped as well as the wire. */
function capHeaders(headers: Record<string, string>): Record<string, string> {
  let room = maxHeaderCharacters;
  const kept: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    room -= name.length + value.length;
    if (room < 0) break;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

/** A byte-order mark takes precedence over the declared charset; the default is UTF-8. */
function decodeBody(body: Buffer, contentType: string | undefined, truncated: boolean): string {
  const decoder = decoderFor(markedCharset(body) ?? declaredCharset(contentType));
  // As a stream, the decoder leaves out a character that the cut has split.
  return replaceNul(decoder.decode(body, { stream: truncated }));
}

function markedCharset(body: Buffer): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8';
  if (body[0] === 0xff && body[1] === 0xfe) return 'utf-16le';
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be';
  return undefined;
}

const declaredCharset = (contentType = ''): string | undefined =>
  /;[\t ]*charset[\t ]*=[\t ]*"?([^\s";]+)/i.exec(contentType)?.[1];

function decoderFor(charset = 'utf-8'): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** Postgres stores no NUL in text (22021). */
const replaceNul = (text: string): string => text.replaceAll('\0', '\ufffd');
