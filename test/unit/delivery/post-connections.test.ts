import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { AttemptOutcome } from '../../../src/delivery/outcome.js';
import type { Poster } from '../../../src/delivery/post.js';
import { makeCertificate } from '../../support/certificates.js';
import { createTestPoster, postTo, summary } from '../../support/poster.js';
import { startRawServer } from '../../support/raw-server.js';
import { holdResponse, startReceiver, type Handler, type Receiver } from '../../support/receiver.js';
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

  it('uses one connection for consecutive requests, whatever their outcome', async () => {
    receiver.respond = [200, 500, 204, 410, { status: 302, headers: { Location: '/' } }, 200];
    for (let i = 0; i < 50; i++) await send();
    assert.equal(receiver.requests.length, 50);
    assert.equal(receiver.connections, 1);
  });

  it('never has two requests on one connection at the same time', async () => {
    receiver.respond = { delayMs: 50 };
    const outcomes = await Promise.all(Array.from({ length: 8 }, send));
    assert.deepEqual(new Set(outcomes), new Set(['accepted 200']));
    assert.equal(receiver.connections, 8);
    await Promise.all(Array.from({ length: 8 }, send));
    assert.equal(receiver.connections, 8);
  });

  it('keeps at most the configured number of idle connections, per origin and in all', async () => {
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

  it('does not reuse a connection whose last request was answered before it was read', async () => {
    const server = await startRawServer((socket) => socket.once('readable', () => socket.write(ok)));
    const body = 'x'.repeat(30_000_000);
    assert.equal(summary(await postTo(poster, server.url, { body })), 'accepted 200');
    assert.equal(summary(await postTo(poster, server.url, { timeoutMs: 3000 })), 'accepted 200');
    assert.equal(server.sockets.length, 2);
    await server.close();
  });

  it('does not reuse a connection that the receiver announced it would close', async () => {
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

  it('opens a new connection when the receiver has closed the idle one, and sends once', async () => {
    for (let i = 1; i <= 5; i++) {
      assert.equal(await send(), 'accepted 200');
      assert.equal(receiver.requests.length, i);
      for (const socket of receiver.openSockets) socket.end();
      await waitFor(() => receiver.openSockets.size === 0, { what: 'the connection to be closed' });
    }
    assert.equal(receiver.connections, 5);
  });

  it('drops an idle connection on which the receiver sends data', async () => {
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

  const closings: [name: string, close: Handler, message: string][] = [
    ['closes', (_, response) => void response.socket?.destroy(), 'connection closed without a response'],
    ['resets', (_, response) => void response.socket?.resetAndDestroy(), 'connection reset by the receiver'],
  ];
  const kept = ', on a connection kept open from an earlier request';
  for (const [name, close, message] of closings) {
    it(`reports when the receiver ${name} a reused connection during a request, and sends once`, async () => {
      assert.equal(await send(), 'accepted 200');
      receiver.respond = (request, response, index) => (index === 1 ? close(request, response, index) : 200);
      const { outcome } = await postTo(poster, receiver.url);
      const expected = { kind: 'unreachable', errorClass: 'connection', message: message + kept };
      assert.deepEqual(outcome, { ...expected, onReusedConnection: true });
      assert.equal(receiver.requests.length, 2);
      assert.equal(await send(), 'accepted 200');
      assert.equal(receiver.connections, 2);
    });

    it(`reports differently when the receiver ${name} a new connection`, async () => {
      receiver.respond = close;
      const { outcome } = await postTo(poster, receiver.url);
      assert.deepEqual(outcome, { kind: 'unreachable', errorClass: 'connection', message, onReusedConnection: false });
      assert.equal(receiver.requests.length, 1);
    });

    it(`reports every request to a receiver that ${name} each connection at its second request`, async () => {
      const requests = new Map<unknown, number>();
      receiver.respond = (request, response, index) => {
        const { socket } = response;
        requests.set(socket, (requests.get(socket) ?? 0) + 1);
        return requests.get(socket) === 2 ? close(request, response, index) : 200;
      };
      const outcomes: AttemptOutcome[] = [];
      const deliver = async (): Promise<void> => {
        for (let i = 0; i < 25; i++) {
          for (;;) {
            const { outcome } = await postTo(poster, receiver.url);
            outcomes.push(outcome);
            if (outcome.kind === 'accepted') break;
            assert.ok(outcome.kind === 'unreachable' && outcome.onReusedConnection, summary({ outcome }));
          }
        }
      };
      await Promise.all([deliver(), deliver(), deliver()]);
      assert.equal(receiver.requests.length, outcomes.length, 'requests at the receiver');
      const broken = outcomes.filter(({ kind }) => kind === 'unreachable').length;
      // Three, plus those in flight at that moment; after that each request has its own connection.
      assert.ok(broken >= 3 && broken <= 5, `${broken} requests broke`);
    });
  }

  it('uses no other idle connection after one broke', async () => {
    const held = holdResponse();
    receiver.respond = held.respond;
    const first = [send(), send(), send()];
    await receiver.waitForRequests(3);
    held.release();
    await Promise.all(first);
    assert.equal(receiver.openSockets.size, 3);
    receiver.respond = (_, response) => void response.socket?.destroy();
    assert.match(await send(), /kept open/);
    receiver.respond = 200;
    assert.equal(await send(), 'accepted 200');
    assert.equal(receiver.connections, 4);
  });

  it('uses no other idle connection after a timeout on one', async () => {
    const held = holdResponse();
    receiver.respond = held.respond;
    const first = [send(), send()];
    await receiver.waitForRequests(2);
    held.release();
    await Promise.all(first);
    receiver.respond = () => {};
    const { outcome } = await postTo(poster, receiver.url, { timeoutMs: 200 });
    assert.equal(summary({ outcome }), 'timeout: no response within 200 ms');
    assert.ok(outcome.kind === 'unreachable' && !outcome.onReusedConnection);
    receiver.respond = 200;
    assert.equal(await send(), 'accepted 200');
    assert.equal(receiver.connections, 3);
  });

  it('requests `Connection: close` where connections keep breaking, and at no other receiver', async () => {
    receiver.respond = (request, response, index) => (index % 2 ? void response.socket?.destroy() : 200);
    for (let i = 0; i < 6; i++) await send();
    receiver.respond = 200;
    for (let i = 0; i < 3; i++) assert.equal(await send(), 'accepted 200');
    assert.deepEqual(
      receiver.requests.map(({ headers }) => headers.connection),
      [...Array<string>(6).fill('keep-alive'), ...Array<string>(3).fill('close')],
    );
    assert.equal(receiver.connections, 6);
    const other = await startReceiver();
    for (let i = 0; i < 3; i++) await postTo(poster, other.url);
    assert.equal(other.connections, 1);
    await other.close();
  });

  it('reports an ordinary failure if a response had begun', async () => {
    assert.equal(await send(), 'accepted 200');
    receiver.respond = (_, response) => void response.socket?.end('HTTP/1.1 200 OK\r\nContent-Le');
    const { outcome } = await postTo(poster, receiver.url);
    assert.equal(summary({ outcome }), 'connection: connection closed before the response was complete');
    assert.ok(outcome.kind === 'unreachable' && !outcome.onReusedConnection);
    assert.equal(receiver.requests.length, 2);
  });

  it('reports an ordinary failure if the receiver had the request for over 2 s', async () => {
    assert.equal(await send(), 'accepted 200');
    receiver.respond = async (_, response) => {
      await delay(2100);
      response.socket?.destroy();
    };
    const { outcome } = await postTo(poster, receiver.url);
    assert.equal(summary({ outcome }), 'connection: connection closed without a response');
    assert.ok(outcome.kind === 'unreachable' && !outcome.onReusedConnection);
    assert.equal(receiver.requests.length, 2);
  });

  for (const scheme of ['http', 'https']) {
    it(`reports every request to a receiver that closes idle connections at the worst moment, over ${scheme}`, async function () {
      this.timeout(60_000);
      const events = 360;
      // After three broken connections a host gets no more reuse, so many hosts are needed for enough races.
      const hostOf = (event: number): string => `127.0.0.${1 + Math.floor(event / 9)}`;
      const names = Array.from({ length: events / 9 }, (_, i) => hostOf(9 * i));
      const certificate = await makeCertificate('127.0.0.1', { names });
      const trusting = createTestPoster({ ca: [certificate.cert] });
      // Runs in its own thread, so that its timers really race with requests in flight.
      const worker = new Worker(closingReceiver, { eval: true, workerData: { scheme, certificate } });
      // Otherwise a failure here would keep the test run alive.
      worker.unref();
      const [port] = (await once(worker, 'message')) as [number];
      const sendFrom = async (first: number): Promise<void> => {
        for (let i = first; i < events; i += 3) {
          const headers = { 'webhook-id': String(i) };
          for (;;) {
            const { outcome } = await postTo(trusting, `${scheme}://${hostOf(i)}:${port}/`, { headers });
            if (outcome.kind === 'accepted') break;
            assert.ok(outcome.kind === 'unreachable' && outcome.onReusedConnection, `${i}: ${summary({ outcome })}`);
          }
          if (first > 0) await delay(Math.random() * 4);
        }
      };
      await Promise.all([0, 1, 2].map(sendFrom));
      worker.postMessage('report');
      const [report] = (await once(worker, 'message')) as [{ handled: string[]; connections: number; closed: number }];
      await worker.terminate();
      await trusting.close();
      // Each event arrived once: the receiver closes only idle connections, and no request went unreported.
      assert.equal(report.handled.length, events);
      assert.equal(new Set(report.handled).size, events);
      assert.ok(report.closed > 20, JSON.stringify({ ...report, handled: '' }));
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
server.listen(0, '0.0.0.0', () => parentPort.postMessage(server.address().port));
parentPort.on('message', () => parentPort.postMessage({ handled, connections, closed }));
`;
