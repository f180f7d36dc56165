import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { Poster } from '../../../src/delivery/post.js';
import { makeCertificate } from '../../support/certificates.js';
import { createTestPoster, postTo, summary } from '../../support/poster.js';
import { startRawServer, type RawServer } from '../../support/raw-server.js';
import { startReceiver } from '../../support/receiver.js';
import { waitFor } from '../../support/wait-for.js';

const megabyte = 1_048_576;
/** What the sockets' buffers on both sides may hold on loopback, in addition to what was read. */
const inBuffers = 15 * megabyte;
const head = 'HTTP/1.1 200 OK\r\n';
const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
const interim = 'HTTP/1.1 102 Processing\r\n\r\n';
const tooManyInterim = 'invalid_response: the receiver sent over 100 interim responses (1xx) before its response';
const tooMuch = 'invalid_response: the receiver sent over 1 MB before the end of its response';

/** Writes the text repeatedly, as fast as it is read, until the other side is gone or `maxBytes` are written. */
function flood(socket: Socket, text: string | Buffer, maxBytes = Infinity): Promise<void> {
  const piece = Buffer.from(text);
  const block = Buffer.concat(Array<Buffer>(Math.ceil(65_536 / piece.length)).fill(piece));
  let left = Math.floor(maxBytes / piece.length) * piece.length;
  return new Promise((resolve) => {
    socket.once('close', resolve);
    const write = (): void => {
      while (!socket.destroyed && left > 0) {
        const next = block.subarray(0, Math.min(block.length, left));
        left -= next.length;
        if (!socket.write(next)) return void socket.once('drain', write);
      }
      resolve();
    };
    write();
  });
}

describe('post, when the receiver never stops sending', () => {
  let poster: Poster;
  let server: RawServer | undefined;
  beforeEach(() => {
    poster = createTestPoster();
  });
  afterEach(async () => {
    await poster.close();
    await server?.close();
    server = undefined;
  });

  const endless: [what: string, start: string, again: string | Buffer, outcome: string][] = [
    ['interim answers', '', interim, tooManyInterim],
    ['interim answers with headers', '', `HTTP/1.1 103 Early Hints\r\n${'Link: </a>\r\n'.repeat(1200)}\r\n`, tooMuch],
    ['a chunk extension', `${chunked}1;x=`, 'y', tooMuch],
    ['chunk extensions', chunked, `1;x=${'y'.repeat(1000)}\r\nx\r\n`, tooMuch],
    ['empty lines before its answer', '', '\r\n', tooMuch],
    ['the words of its status', 'HTTP/1.1 200 ', 'O', tooMuch],
    ['headers', head, 'A: a\r\n', 'invalid_response: the headers of the response are over 16 KB'],
    ['trailers', `${chunked}0\r\n`, 'A: a\r\n', 'invalid_response: the headers of the response are over 16 KB'],
  ];
  for (const [what, start, again, outcome] of endless) {
    it(`field case 75: drops the socket after too much of ${what}`, async () => {
      server = await startRawServer((socket) =>
        socket.once('data', () => {
          socket.write(start);
          void flood(socket, again);
        }),
      );
      assert.equal(summary(await postTo(poster, server.url)), outcome);
      const [socket] = server.sockets;
      await waitFor(() => socket?.destroyed, { what: 'the socket to be dropped' });
      assert.ok(socket!.bytesWritten < megabyte + inBuffers, `${socket!.bytesWritten} bytes were taken`);
    });
  }

  it('field case 75: drops a TLS connection after 1 MB of messages without data', async () => {
    // HelloRequest: ignored during a handshake, however many arrive (RFC 5246 §7.4.1.1).
    const helloRequest = Buffer.from('160303000400000000', 'hex');
    server = await startRawServer((socket) => socket.once('data', () => void flood(socket, helloRequest)));
    assert.equal(summary(await postTo(poster, server.url.replace('http:', 'https:'))), tooMuch);
    await waitFor(() => server?.sockets[0]?.destroyed, { what: 'the socket to be dropped' });
  });

  it('field case 75: drops a TLS connection after 100 interim responses', async () => {
    const certificate = await makeCertificate('127.0.0.1');
    const trusting = createTestPoster({ ca: [certificate.cert] });
    const tls = createTlsServer(certificate, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => void flood(socket, interim));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => tls.once('listening', resolve));
    const { port } = tls.address() as AddressInfo;
    assert.equal(summary(await postTo(trusting, `https://127.0.0.1:${port}/`)), tooManyInterim);
    await trusting.close();
    tls.close();
  });

  it('accepts what stays within the limits: 100 interim responses, then one in chunks of one byte, cut at 64 KB', async () => {
    server = await startRawServer((socket) =>
      socket.once(
        'data',
        () =>
          void flood(socket, interim, 100 * interim.length)
            .then(() => socket.write(chunked))
            .then(() => flood(socket, '1\r\nx\r\n', 420_000)),
      ),
    );
    const { outcome } = await postTo(poster, server.url);
    assert.equal(summary({ outcome }), 'accepted 200');
    assert.ok(outcome.kind === 'accepted' && outcome.response.truncated);
    assert.equal(outcome.response.body, 'x'.repeat(65_536));
  });

  for (const scheme of ['http', 'https']) {
    it(`counts only the current response's bytes on a reused connection, over ${scheme}`, async () => {
      const certificate = await makeCertificate('127.0.0.1');
      const trusting = createTestPoster({ ca: [certificate.cert] });
      const body = 'x'.repeat(60_000);
      const receiver = await startReceiver({ body }, scheme === 'https' ? { tls: certificate } : {});
      for (let i = 0; i < 40; i++) {
        const { outcome } = await postTo(trusting, receiver.url);
        assert.equal(outcome.kind === 'accepted' && outcome.response.body.length, body.length, summary({ outcome }));
      }
      assert.equal(receiver.connections, 1);
      await trusting.close();
      await receiver.close();
    });
  }

  it('drops an idle connection on which empty lines arrive', async () => {
    server = await startRawServer((socket) =>
      socket.once('data', () => {
        socket.write(`${head}Keep-Alive: timeout=600\r\nContent-Length: 0\r\n\r\n`, () =>
          setImmediate(() => void flood(socket, '\r\n')),
        );
      }),
    );
    assert.equal(summary(await postTo(poster, server.url)), 'accepted 200');
    // Sooner than an idle connection would be closed, which is after 29 s here.
    await waitFor(() => server?.sockets[0]?.destroyed, { what: 'the socket to be dropped', timeoutMs: 20_000 });
  });
});
