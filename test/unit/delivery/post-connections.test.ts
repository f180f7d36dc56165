import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Poster } from '../../../src/delivery/post.js';
import { makeCertificate } from '../../support/certificates.js';
import { createTestPoster, postTo, summary } from '../../support/poster.js';
import { startRawServer } from '../../support/raw-server.js';
import { startReceiver, type Handler, type Receiver } from '../../support/receiver.js';
import { waitFor } from '../../support/wait-for.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

describe('post, keeping connections', () => {
  let poster: Poster;
  let receiver: Receiver;
  beforeEach(async () => {
    poster = createTestPoster();
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await poster.close();
    await receiver.close();
  });
  const send = async (): Promise<string> => summary(await postTo(poster, receiver.url));

  it('uses one connection for requests in turn, whatever their outcome', async () => {
    receiver.respond = [200, 500, 204, 410, { status: 302, headers: { Location: '/' } }, 200];
    for (let i = 0; i < 50; i++) await send();
    assert.equal(receiver.requests.length, 50);
    assert.equal(receiver.connections, 1);
  });

  it('never has two requests on one connection at once', async () => {
    receiver.respond = { delayMs: 50 };
    const outcomes = await Promise.all(Array.from({ length: 8 }, send));
    assert.deepEqual(new Set(outcomes), new Set(['accepted 200']));
    assert.equal(receiver.connections, 8);
    await Promise.all(Array.from({ length: 8 }, send));
    assert.equal(receiver.connections, 8);
  });

  it('keeps no more idle connections than it was told, for one origin and in all', async () => {
    const frugal = createTestPoster({ idleConnectionsPerOrigin: 2, idleConnections: 3 });
    const other = await startReceiver();
    receiver.respond = other.respond = { delayMs: 20 };
    const sendTo = (url: string): Promise<unknown>[] => Array.from({ length: 5 }, () => postTo(frugal, url));
    await Promise.all(sendTo(receiver.url));
    await waitFor(() => receiver.openSockets.size === 2, { what: '2 connections to be left' });
    await Promise.all(sendTo(other.url));
    await waitFor(() => receiver.openSockets.size + other.openSockets.size === 3, { what: '3 connections to be left' });
    assert.equal(other.openSockets.size, 2);
    await frugal.close();
    await other.close();
  });

  it('does not use a connection again on which the last request was answered unread', async () => {
    const server = await startRawServer((socket) => socket.once('readable', () => socket.write(ok)));
    const body = 'x'.repeat(30_000_000);
    assert.equal(summary(await postTo(poster, server.url, { body })), 'accepted 200');
    assert.equal(summary(await postTo(poster, server.url, { timeoutMs: 3000 })), 'accepted 200');
    assert.equal(server.sockets.length, 2);
    await server.close();
  });

  it('does not use a connection again that the receiver announced to close', async () => {
    const announcements: Record<string, string>[] = [
      { Connection: 'close' },
      { Connection: 'keep-alive', 'Keep-Alive': 'timeout=1' },
    ];
    for (const headers of announcements) {
      const before = receiver.connections;
      receiver.respond = { headers };
      for (let i = 0; i < 3; i++) assert.equal(await send(), 'accepted 200');
      assert.equal(receiver.connections - before, 3);
    }
  });

  it('opens another connection when the receiver has closed the idle one, and sends once', async () => {
    for (let i = 1; i <= 5; i++) {
      assert.equal(await send(), 'accepted 200');
      assert.equal(receiver.requests.length, i);
      for (const socket of receiver.openSockets) socket.end();
      await waitFor(() => receiver.openSockets.size === 0, { what: 'the connection to be closed' });
    }
    assert.equal(receiver.connections, 5);
  });

  it('drops a connection on which the receiver says something unasked', async () => {
    const server = await startRawServer((socket) => {
      socket.once('data', () => {
        socket.write(ok, () => setImmediate(() => socket.write('HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n')));
        socket.once('data', () => socket.write(ok));
      });
    });
    for (let i = 0; i < 5; i++) {
      assert.equal(summary(await postTo(poster, server.url)), 'accepted 200');
      await waitFor(() => server.sockets.at(-1)?.destroyed, { what: 'the connection to be dropped' });
    }
    assert.equal(server.sockets.length, 5);
    await server.close();
  });

  const closings: [name: string, close: Handler][] = [
    ['a close', (_, response) => void response.socket?.destroy()],
    ['a reset', (_, response) => void response.socket?.resetAndDestroy()],
  ];
  for (const [name, close] of closings) {
    it(`sends once more, on a new connection, when ${name} meets the request on a reused one`, async () => {
      assert.equal(await send(), 'accepted 200');
      receiver.respond = (request, response, index) => (index === 1 ? close(request, response, index) : 200);
      assert.equal(await send(), 'accepted 200');
      assert.equal(receiver.requests.length, 3);
      assert.equal(receiver.connections, 2);
    });

    it(`does not send a third time when ${name} meets it there as well`, async () => {
      assert.equal(await send(), 'accepted 200');
      receiver.respond = close;
      assert.match(await send(), /^connection: connection (closed without an answer|reset by the receiver)$/);
      assert.equal(receiver.requests.length, 3);
      assert.match(await send(), /^connection: /);
      assert.equal(receiver.requests.length, 4);
    });
  }

  it('does not send again when the answer had begun', async () => {
    assert.equal(await send(), 'accepted 200');
    receiver.respond = (_, response) => void response.socket?.end('HTTP/1.1 200 OK\r\nContent-Le');
    assert.equal(await send(), 'connection: connection closed before the answer was complete');
    assert.equal(receiver.requests.length, 2);
  });

  it('does not send again when the receiver had the request for over 2 s', async () => {
    assert.equal(await send(), 'accepted 200');
    receiver.respond = async (_, response) => {
      await delay(2100);
      response.socket?.destroy();
    };
    assert.equal(await send(), 'connection: connection closed without an answer');
    assert.equal(receiver.requests.length, 2);
  });

  it('keeps the one deadline when it sends again', async () => {
    assert.equal(await send(), 'accepted 200');
    receiver.respond = async (_, response, index) => {
      if (index === 1) {
        await delay(200);
        response.socket?.destroy();
      }
    };
    const { durationMs, outcome } = await postTo(poster, receiver.url, { timeoutMs: 500 });
    assert.equal(summary({ outcome }), 'timeout: no answer within 500 ms');
    assert.ok(durationMs >= 495 && durationMs < 2000, `${durationMs} ms`);
    assert.equal(receiver.requests.length, 3);
  });

  for (const scheme of ['http', 'https']) {
    it(`never loses an attempt to a receiver that closes idle connections at the worst moment, over ${scheme}`, async function () {
      this.timeout(60_000);
      const certificate = await makeCertificate('127.0.0.1');
      const trusting = createTestPoster({ ca: [certificate.cert] });
      // In a thread of its own, so that its timers really race with the requests on their way.
      const worker = new Worker(closingReceiver, { eval: true, workerData: { scheme, certificate } });
      // Or a failure here would keep the test run from ending.
      worker.unref();
      const [port] = (await once(worker, 'message')) as [number];
      const attempts = 900;
      const sendFrom = async (first: number): Promise<void> => {
        for (let i = first; i < attempts; i += 3) {
          const headers = { 'webhook-id': String(i) };
          const outcome = summary(await postTo(trusting, `${scheme}://127.0.0.1:${port}/`, { headers }));
          assert.equal(outcome, 'accepted 200', `attempt ${i}`);
          if (first > 0) await delay(Math.random() * 4);
        }
      };
      await Promise.all([0, 1, 2].map(sendFrom));
      worker.postMessage('report');
      const [report] = (await once(worker, 'message')) as [{ handled: string[]; connections: number; closed: number }];
      await worker.terminate();
      await trusting.close();
      // Whatever was sent again had not been processed: it closes only connections on which it has read nothing.
      assert.equal(report.handled.length, attempts);
      assert.equal(new Set(report.handled).size, attempts);
      assert.ok(report.closed > 50 && report.connections < attempts, JSON.stringify({ ...report, handled: '' }));
    });
  }
});

const closingReceiver = `
const { parentPort, workerData: { scheme, certificate } } = require('node:worker_threads');
const { createServer } = require('node:' + scheme);
const handled = [];
let connections = 0, closed = 0;
const server = createServer(certificate, (request, response) => {
  const { socket } = request;
  clearTimeout(socket.idleTimer);
  request.resume().on('end', () => {
    handled.push(request.headers['webhook-id']);
    response.writeHead(200, { 'Content-Length': '0' });
    response.end(() => {
      socket.idleTimer = setTimeout(() => { closed++; socket.destroy(); }, Math.random() * 6);
    });
  });
});
server.keepAliveTimeout = 0;
server.on('connection', () => connections++);
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
parentPort.on('message', () => parentPort.postMessage({ handled, connections, closed }));
`;
