import assert from 'node:assert/strict';
import type { ReceiverResponse } from '../../../src/delivery/outcome.js';
import type { Poster } from '../../../src/delivery/post.js';
import { buildRequestHeaders } from '../../../src/delivery/request-headers.js';
import { createSecret, verifySignature } from '../../../src/delivery/signature.js';
import { createTestPoster, postTo, summary } from '../../support/poster.js';
import { startRawServer } from '../../support/raw-server.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';
import { waitFor } from '../../support/wait-for.js';

describe('post', () => {
  let receiver: Receiver;
  let poster: Poster;
  beforeEach(async () => {
    receiver = await startReceiver();
    poster = createTestPoster();
  });
  afterEach(async () => {
    await poster.close();
    await receiver.close();
  });

  async function postOnce(): Promise<ReceiverResponse> {
    const { outcome } = await postTo(poster, receiver.url);
    assert.ok(outcome.kind !== 'unreachable', summary({ outcome }));
    return outcome.response;
  }

  it('field case 27: sends the bytes, their count, the headers and the path unchanged', async () => {
    const secret = createSecret();
    const timestampSeconds = Math.floor(Date.now() / 1000);
    for (const text of ['🙄 – “ok” Łódź', 'é'.repeat(100_000)]) {
      const body = JSON.stringify({ event: 'sms.received', event_id: 'é', timestamp: 't', data: { body: text } });
      const headers = buildRequestHeaders({
        eventType: 'sms.received',
        eventId: 'é',
        messageId: 'm',
        deliveryId: 'd',
        attempt: 1,
        timestampSeconds,
        secret,
        body,
        customHeaders: { 'X-Shop': 'a\tb' },
        version: '0.0.0',
      });
      assert.equal(summary(await postTo(poster, `${receiver.url}/h/ü?x=é`, { headers, body })), 'accepted 200');
      const request = receiver.requests.at(-1);
      assert.ok(request);
      assert.equal(request.method, 'POST');
      assert.equal(request.path, '/h/%C3%BC?x=%C3%A9');
      assert.equal(request.body.toString(), body);
      assert.equal(request.headers['content-length'], String(Buffer.byteLength(body)));
      assert.equal(request.headers['transfer-encoding'], undefined);
      assert.equal(request.headers['content-type'], 'application/json');
      assert.equal(request.headers.host, `127.0.0.1:${receiver.port}`);
      assert.equal(request.headers['x-shop'], 'a\tb');
      assert.equal(request.headers['x-irisx-event-id'], '%C3%A9');
      const { 'x-irisx-signature': signature, 'x-irisx-timestamp': timestamp } = request.headers;
      assert.ok(verifySignature({ rawBody: request.body, signature, timestamp, secret }));
    }
  });

  it('reports when it began and how long it took', async () => {
    receiver.respond = { status: 200, delayMs: 60 };
    const before = Date.now();
    const { startedAt, durationMs } = await postTo(poster, receiver.url);
    assert.ok(startedAt.getTime() >= before && startedAt.getTime() <= Date.now());
    assert.ok(durationMs >= 55 && durationMs <= Date.now() - before + 1, `${durationMs} ms`);
    assert.ok(Number.isInteger(durationMs));
  });

  const locations = ['http://169.254.169.254/latest/meta-data/', '//127.0.0.1:5432/', 'file:///etc/hosts', undefined];
  for (const status of [301, 302, 303, 307, 308]) {
    it(`field case 2: does not follow a ${status}`, async () => {
      for (const location of locations) {
        receiver.respond = { status, headers: location === undefined ? {} : { Location: location } };
        assert.equal(summary(await postTo(poster, receiver.url)), `rejected ${status}`);
      }
      assert.equal(receiver.requests.length, locations.length);
      assert.equal(receiver.connections, 1);
    });
  }

  it('field case 8: treats a redirect to a login page as a failure', async () => {
    receiver.respond = (request) =>
      request.path === '/login' ? 200 : { status: 302, headers: { Location: '/login' } };
    assert.equal(summary(await postTo(poster, `${receiver.url}/hook`)), 'rejected 302');
    assert.deepEqual(
      receiver.requests.map(({ path }) => path),
      ['/hook'],
    );
  });

  it('field case 11: returns Retry-After with every rejection, parsed by the standard', async () => {
    const cases: [headers: Record<string, string | string[]>, milliseconds: number | undefined][] = [
      [{}, undefined],
      [{ 'Retry-After': '2' }, 2000],
      [{ 'Retry-After': '0' }, 0],
      [{ 'Retry-After': '-3' }, undefined],
      [{ 'Retry-After': '' }, undefined],
      [{ 'Retry-After': '120junk' }, undefined],
      [{ 'Retry-After': ['5', '5'] }, undefined],
      [{ 'Retry-After': 'Sun, 06 Nov 1994 08:49:37 GMT' }, 0],
      [{ 'Retry-After': '99999999999999999999' }, Number.MAX_SAFE_INTEGER],
    ];
    for (const status of [429, 503, 500, 301]) {
      for (const [headers, milliseconds] of cases) {
        receiver.respond = { status, headers };
        const { outcome } = await postTo(poster, receiver.url);
        assert.equal(outcome.kind, 'rejected');
        assert.equal(outcome.kind === 'rejected' && outcome.retryAfterMs, milliseconds, JSON.stringify(headers));
      }
    }
    receiver.respond = { status: 503, headers: { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() } };
    const { outcome } = await postTo(poster, receiver.url);
    const waitMs = (outcome.kind === 'rejected' && outcome.retryAfterMs) || 0;
    assert.ok(waitMs > 50_000 && waitMs <= 60_000, `${waitMs} ms`);
  });

  it('field case 16: decides by the status alone, whatever the body', async () => {
    const html = { 'Content-Type': 'text/html' };
    const json = { 'Content-Type': 'application/json' };
    const cases: [response: { status: number; headers?: Record<string, string>; body?: string }, expected: string][] = [
      [{ status: 200, headers: { 'Content-Length': '0' } }, 'accepted 200'],
      [{ status: 200, headers: html, body: '<h1>hello</h1>' }, 'accepted 200'],
      [{ status: 200, headers: json, body: '{' }, 'accepted 200'],
      [{ status: 201 }, 'accepted 201'],
      [{ status: 204 }, 'accepted 204'],
      [{ status: 205 }, 'accepted 205'],
      [{ status: 299, body: 'x' }, 'accepted 299'],
      [{ status: 300 }, 'rejected 300'],
      [{ status: 304 }, 'rejected 304'],
      [{ status: 400 }, 'rejected 400'],
      [{ status: 410 }, 'rejected 410'],
      [{ status: 500, headers: html, body: '<h1>sorry</h1>' }, 'rejected 500'],
      [{ status: 599 }, 'rejected 599'],
    ];
    for (const [respond, expected] of cases) {
      receiver.respond = respond;
      const finished = await postTo(poster, receiver.url);
      assert.equal(summary(finished), expected);
      assert.equal(finished.outcome.kind !== 'unreachable' && finished.outcome.response.body, respond.body ?? '');
    }
  });

  const strays: [name: string, response: string][] = [
    ['204 with 5 stray bytes', 'HTTP/1.1 204 No Content\r\n\r\nstray'],
    ['204 with a length and 5 stray bytes', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nstray'],
    ['204 with a length and nothing', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
    ['205 with a length and nothing', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\n'],
    ['205 with neither length nor end', 'HTTP/1.1 205 Reset Content\r\n\r\n'],
    ['205 with 5 stray bytes', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\nstray'],
    ['205 chunked without end', 'HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ];
  for (const [name, text] of strays) {
    it(`field case 16: treats a ${name} as success, and the next request works`, async () => {
      const server = await startRawServer((socket) => socket.on('data', () => socket.write(text)));
      for (let i = 0; i < 3; i++) {
        assert.equal(summary(await postTo(poster, server.url)), `accepted ${text.slice(9, 12)}`);
      }
      await server.close();
    });
  }

  it('reads a response that ends with the connection, and one of HTTP/1.0', async () => {
    for (const version of ['1.0', '1.1']) {
      const head = `HTTP/${version} 200 OK\r\nConnection: close\r\n\r\n`;
      const server = await startRawServer((socket) => socket.on('data', () => socket.end(`${head}until the end`)));
      const { outcome } = await postTo(poster, server.url);
      assert.equal(outcome.kind === 'accepted' && outcome.response.body, 'until the end');
      await server.close();
    }
  });

  it('skips interim responses', async () => {
    const text =
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 202 Accepted\r\n';
    const server = await startRawServer((socket) =>
      socket.on('data', () => socket.write(`${text}Content-Length: 2\r\n\r\nok`)),
    );
    const { outcome } = await postTo(poster, server.url);
    assert.equal(outcome.kind === 'accepted' && outcome.response.statusCode, 202);
    assert.deepEqual(outcome.kind === 'accepted' && outcome.response.headers, { 'content-length': '2' });
    await server.close();
  });

  it('field case 57: records a response with NUL in it', async () => {
    receiver.respond = { status: 500, body: Buffer.from('610062', 'hex') };
    assert.equal((await postOnce()).body, 'a\ufffdb');
  });

  it('field case 59: records a response that is not UTF-8, and such header bytes', async () => {
    receiver.respond = { status: 200, body: Buffer.from('c32800ff', 'hex') };
    assert.equal((await postOnce()).body, '\ufffd(\ufffd\ufffd');
    receiver.respond = { status: 200, headers: { 'X-Odd': 'ÿé' }, body: Buffer.from('\ufeffŁ', 'utf16le') };
    const { headers, body } = await postOnce();
    assert.equal(headers['x-odd'], '\ufffd\ufffd');
    assert.equal(body, 'Ł');
    const png = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 37) % 256));
    receiver.respond = { status: 200, headers: { 'Content-Type': 'image/png' }, body: png };
    assert.ok((await postOnce()).body.length > 0);
  });

  it('field case 6: stores no cookies or credentials of a response', async () => {
    receiver.respond = {
      headers: { 'Set-Cookie': ['a=1', 'b=2'], Authorization: 'Bearer x', 'X-Api-Key': 'k', 'X-Ok': '1' },
    };
    const { headers } = await postOnce();
    assert.equal(headers['set-cookie'], undefined);
    assert.equal(headers['authorization'], '[masked]');
    assert.equal(headers['x-api-key'], '[masked]');
    assert.equal(headers['x-ok'], '1');
  });

  it('does not request compression, and keeps a compressed response as it is', async () => {
    receiver.respond = { headers: { 'Content-Encoding': 'gzip' }, body: Buffer.from('1f8b0800', 'hex') };
    assert.equal((await postOnce()).body, '\x1f\ufffd\b\ufffd');
    assert.equal(receiver.requests[0]?.headers['accept-encoding'], 'identity');
  });

  describe('with a large response', () => {
    const cap = 65_536;
    /** Bytes that the receiver could write to its sockets. */
    let sent = 0;
    const stream = (status: number, length: number, headers: Record<string, string> = {}): void => {
      const chunk = Buffer.alloc(65_536, 'x');
      receiver.respond = (_, response) => {
        response.writeHead(status, headers);
        const { socket } = response;
        let written = 0;
        response.on('close', () => (sent += socket?.bytesWritten ?? 0));
        const more = (): void => {
          while (written < length && !response.destroyed) {
            const part = chunk.subarray(0, Math.min(chunk.length, length - written));
            written += part.length;
            if (!response.write(part)) return void response.once('drain', more);
          }
          if (!response.destroyed) response.end();
        };
        more();
      };
    };
    beforeEach(() => (sent = 0));

    it('field case 18: reads 64 KB of 50 MB, of an endless stream, and of 5 MB with a 500, and drops the socket', async () => {
      const cases: [status: number, length: number, headers: Record<string, string>, expected: string][] = [
        [200, 50_000_000, {}, 'accepted 200'],
        [200, 50_000_000, { 'Content-Length': '50000000' }, 'accepted 200'],
        [200, Infinity, {}, 'accepted 200'],
        [500, 5_000_000, {}, 'rejected 500'],
      ];
      for (const [status, length, headers, expected] of cases) {
        stream(status, length, headers);
        const finished = await postTo(poster, receiver.url);
        assert.equal(summary(finished), expected);
        const { outcome } = finished;
        assert.ok(outcome.kind !== 'unreachable');
        assert.equal(outcome.response.truncated, true);
        assert.equal(outcome.response.body, 'x'.repeat(cap));
        await waitFor(() => receiver.openSockets.size === 0, { what: 'the socket to be dropped' });
      }
      assert.equal(receiver.requests.length, cases.length);
    });

    it('field case 18: treats a body that fits exactly as complete', async () => {
      stream(200, cap);
      const fits = await postOnce();
      assert.deepEqual([fits.truncated, fits.body.length], [false, cap]);
      stream(200, cap + 1);
      const over = await postOnce();
      assert.deepEqual([over.truncated, over.body.length], [true, cap]);
    });

    it('field case 18: keeps memory flat over 100 endless responses', async () => {
      stream(200, Infinity);
      for (let i = 0; i < 20; i++) await postOnce();
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 100; i++) await postOnce();
      const grownMb = (process.memoryUsage().rss - before) / 2 ** 20;
      assert.ok(grownMb < 100, `grew by ${grownMb} MB`);
      await waitFor(() => receiver.openSockets.size === 0, { what: 'the sockets to be dropped' });
      // When a socket is dropped, at most the content of two sockets' buffers may be in flight.
      assert.ok(sent / 120 < 16 * 2 ** 20, `${sent / 120} bytes were taken of an answer`);
    });
  });
});
