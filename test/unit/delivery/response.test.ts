import assert from 'node:assert/strict';
import { readResponse, singleHeader } from '../../../src/delivery/response.js';

const raw = (...parts: (string | Buffer)[]): Buffer[] => parts.map((part) => Buffer.from(part as string));

function bodyText(body: Buffer | string, contentType?: string, truncated = false): string {
  const rawHeaders = contentType === undefined ? [] : raw('Content-Type', contentType);
  return readResponse({ statusCode: 200, rawHeaders, body: Buffer.from(body as string), truncated }).body;
}

describe('readResponse', () => {
  it('field case 59: shows bytes that are not UTF-8 with replacement characters', () => {
    assert.equal(bodyText(Buffer.from('c32800ff', 'hex')), '\ufffd(\ufffd\ufffd');
    assert.equal(bodyText(Buffer.from('café', 'latin1')), 'caf\ufffd');
  });

  it('field case 59: decodes the declared charset, and UTF-16 with a byte-order mark', () => {
    assert.equal(bodyText(Buffer.from('café', 'latin1'), 'text/plain; charset=ISO-8859-1'), 'café');
    assert.equal(bodyText(Buffer.from('café', 'latin1'), 'text/plain;Charset = "latin1"'), 'café');
    assert.equal(bodyText(Buffer.from('\ufeffŁódź', 'utf16le')), 'Łódź');
    assert.equal(bodyText(Buffer.from('\ufeffŁódź', 'utf16le').swap16()), 'Łódź');
    assert.equal(bodyText(Buffer.from('Łódź', 'utf16le'), 'text/plain; charset=utf-16le'), 'Łódź');
    assert.equal(bodyText('\ufeffok', 'text/plain; charset=latin1'), 'ok');
  });

  it('uses UTF-8 if the charset is unknown', () => {
    for (const charset of ['x-unheard-of', 'utf-7', '', '"', 'iso-2022-kr']) {
      assert.equal(bodyText('é', `text/plain; charset=${charset}`), 'é', charset);
    }
  });

  it('field case 57: shows NUL as a replacement character, in the body and in a header', () => {
    assert.equal(bodyText(Buffer.from('610062', 'hex')), 'a\ufffdb');
    const response = readResponse({
      statusCode: 500,
      rawHeaders: raw('X-Odd', Buffer.from('a\0b')),
      body: Buffer.alloc(0),
      truncated: false,
    });
    assert.equal(response.headers['x-odd'], 'a\ufffdb');
  });

  it('leaves no half character where the body was cut', () => {
    const bytes = Buffer.from('aé😀');
    for (let length = 1; length < bytes.length; length++) {
      const text = bodyText(bytes.subarray(0, length), undefined, true);
      assert.ok('aé😀'.startsWith(text), `${length} bytes gave ${JSON.stringify(text)}`);
    }
    assert.equal(bodyText(Buffer.from('aŁ', 'utf16le').subarray(0, 3), 'text/plain; charset=utf-16le', true), 'a');
    // A character that the receiver itself left unfinished gets a replacement character.
    assert.equal(bodyText(bytes.subarray(0, 2)), 'a\ufffd');
  });

  it('joins repeated headers, lower-cases names, masks secrets and drops cookies', () => {
    const rawHeaders = raw(
      'Via',
      'a',
      'VIA',
      'b',
      'X-Auth-Token',
      's',
      'Set-Cookie',
      'c=d',
      '__proto__',
      'p',
      'Server',
      'x',
    );
    const { headers } = readResponse({ statusCode: 200, rawHeaders, body: Buffer.alloc(0), truncated: false });
    assert.deepEqual(Object.entries(headers), [
      ['via', 'a, b'],
      ['x-auth-token', '[masked]'],
      ['__proto__', 'p'],
      ['server', 'x'],
    ]);
  });

  it('field case 59: shows header bytes that are not UTF-8 with replacement characters, and caps all headers at 16 KB', () => {
    const bytes = Buffer.concat([Buffer.from('ffe9', 'hex'), Buffer.alloc(6000, 0xff)]);
    const rawHeaders = raw('X-A', Buffer.from('ffe9', 'hex'), 'X-B', bytes, 'X-C', bytes, 'X-D', bytes, 'X-E', 'e');
    const { headers } = readResponse({ statusCode: 200, rawHeaders, body: Buffer.alloc(0), truncated: false });
    assert.equal(headers['x-a'], '\ufffd\ufffd');
    assert.deepEqual(Object.keys(headers), ['x-a', 'x-b', 'x-c']);
  });
});

describe('singleHeader', () => {
  it('returns the value of a header that occurs once, and nothing for a repeated one', () => {
    assert.equal(singleHeader(raw('A', '1', 'Retry-After', ' 5\t'), 'retry-after'), '5');
    assert.equal(singleHeader(raw('Retry-After', '5', 'retry-after', '5'), 'retry-after'), undefined);
    assert.equal(singleHeader(raw('A', '1'), 'retry-after'), undefined);
  });
});
