import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { FinishedAttempt } from '../../../src/delivery/outcome.js';
import type { Poster } from '../../../src/delivery/post.js';
import { createTestPoster, postTo, summary } from '../../support/poster.js';
import { startRawServer, type RawServer } from '../../support/raw-server.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';
import { waitFor } from '../../support/wait-for.js';

/** How long after its timeout an attempt may end on a busy machine. */
const marginMs = 2000;

describe('post, without a complete response', () => {
  let poster: Poster;
  let server: RawServer | undefined;
  let receiver: Receiver | undefined;
  beforeEach(() => {
    poster = createTestPoster();
  });
  afterEach(async () => {
    await poster.close();
    await server?.close();
    await receiver?.close();
    server = receiver = undefined;
  });

  /** The outcome of one attempt at a server that does this on each request. */
  async function outcomeOf(onRequest: (socket: Socket) => void, timeoutMs = 10_000): Promise<string> {
    server = await startRawServer((socket) => socket.once('data', () => onRequest(socket)));
    return summary(await postTo(poster, server.url, { timeoutMs }));
  }

  function assertTimedOut(finished: FinishedAttempt, message: string, timeoutMs: number): void {
    assert.equal(summary(finished), `timeout: ${message} within ${timeoutMs} ms`);
    assert.ok(finished.durationMs >= timeoutMs - 5, `ended after ${finished.durationMs} ms`);
    assert.ok(finished.durationMs < timeoutMs + marginMs, `ended after ${finished.durationMs} ms`);
  }

  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

  it('field case 9: treats a response that comes byte by byte without end as a timeout, and closes the socket', async () => {
    server = await startRawServer((socket) =>
      socket.once('data', () => {
        socket.write(head);
        const timer = setInterval(() => socket.write('1\r\nx\r\n'), 50);
        socket.once('close', () => clearInterval(timer));
      }),
    );
    assertTimedOut(await postTo(poster, server.url, { timeoutMs: 400 }), 'response not complete', 400);
    await waitFor(() => server?.sockets[0]?.destroyed, { what: 'the socket to be closed' });
  });

  it('field case 9: treats a response without a body after its headers in the same way, whatever the status', async () => {
    for (const status of ['200 OK', '500 Internal Server Error']) {
      const raw = await startRawServer((socket) =>
        socket.once('data', () => socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`)),
      );
      assertTimedOut(await postTo(poster, raw.url, { timeoutMs: 200 }), 'response not complete', 200);
      await waitFor(() => raw.sockets[0]?.destroyed, { what: 'the socket to be closed' });
      await raw.close();
    }
  });

  it('treats an attempt without a response as a timeout, and closes the socket', async () => {
    server = await startRawServer((socket) => socket.resume());
    assertTimedOut(await postTo(poster, server.url, { timeoutMs: 200 }), 'no response', 200);
    await waitFor(() => server?.sockets[0]?.destroyed, { what: 'the socket to be closed' });
  });

  it('treats an attempt whose request is never read as a timeout', async () => {
    server = await startRawServer((socket) => socket.pause());
    const body = 'x'.repeat(20_000_000);
    assertTimedOut(await postTo(poster, server.url, { timeoutMs: 1_000, body }), 'no response', 1_000);
  });

  it('treats an unanswered TLS handshake as a timeout', async () => {
    server = await startRawServer((socket) => socket.resume());
    const url = server.url.replace('http:', 'https:');
    assertTimedOut(await postTo(poster, url, { timeoutMs: 200 }), 'no connection', 200);
    await waitFor(() => server?.sockets[0]?.destroyed, { what: 'the socket to be closed' });
  });

  it('includes the name lookup in the timeout', async () => {
    const slow = createTestPoster({ resolve: () => new Promise(() => {}) });
    const finished = await postTo(slow, 'http://receiver.test/', { timeoutMs: 200 });
    assertTimedOut(finished, 'host name not looked up', 200);
    await slow.close();
  });

  it('field case 13: reports a refused connection', async () => {
    const closed = await startRawServer(() => {});
    await closed.close();
    assert.equal(summary(await postTo(poster, closed.url)), 'connection: connection refused');
  });

  it('field case 13: reports a reset after the request was read, and does not repeat the request', async () => {
    const outcome = await outcomeOf((socket) => socket.resetAndDestroy());
    assert.equal(outcome, 'connection: connection reset by the receiver');
    assert.equal(server?.sockets.length, 1);
  });

  it('field case 13: reports a connection closed without a response, and does not repeat the request', async () => {
    assert.equal(await outcomeOf((socket) => socket.end()), 'connection: connection closed without a response');
    assert.equal(server?.sockets.length, 1);
  });

  const broken: [name: string, response: string][] = [
    ['in the status line', 'HTTP/1.1 20'],
    ['in the headers', 'HTTP/1.1 200 OK\r\nContent-Type: te'],
    ['in a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['in a last body with a length', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc'],
    ['in a chunked body', `${head}5\r\nab`],
    ['in a last chunked body', 'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
  ];
  for (const [name, response] of broken) {
    it(`reports a response that breaks off ${name}`, async () => {
      const outcome = await outcomeOf((socket) => socket.end(response));
      assert.equal(outcome, 'connection: connection closed before the response was complete');
    });
  }

  it('reports a response that is cut off by a reset', async () => {
    const outcome = await outcomeOf((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', () =>
        setTimeout(() => socket.resetAndDestroy(), 50),
      ),
    );
    assert.equal(outcome, 'connection: connection closed before the response was complete');
  });

  const invalid: [name: string, response: string][] = [
    ['text that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a chunk size that is none', `${head}zz\r\n`],
    ['a 100 Continue nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
    [
      'a change of protocol nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
  ];
  for (const [name, response] of invalid) {
    it(`reports an invalid response: ${name}`, async () => {
      const outcome = await outcomeOf((socket) => socket.write(response));
      assert.equal(outcome, 'invalid_response: the response is not valid HTTP/1.1');
    });
  }

  it('reports headers of over 16 KB', async () => {
    const outcome = await outcomeOf((socket) => socket.write(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`));
    assert.equal(outcome, 'invalid_response: the headers of the response are over 16 KB');
  });

  it('field case 22: reports a receiver that speaks only HTTP/2 without TLS', async () => {
    const settings = Buffer.from('000000040000000000', 'hex');
    const outcome = await outcomeOf((socket) => socket.write(settings));
    assert.equal(outcome, 'invalid_response: the receiver speaks only HTTP/2; HTTP/1.1 is needed');
  });

  it('shows no address and no url in any message', async () => {
    const { url, close } = await startRawServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const messages = [summary(await postTo(poster, `${url}/hidden`))];
    await close();
    messages.push(summary(await postTo(poster, `${url}/hidden`)));
    messages.push(summary(await postTo(poster, 'http://10.1.2.3/hidden')));
    for (const message of messages) assert.doesNotMatch(message, /\d+\.\d+\.\d+|::|hidden|http:/);
  });
});

describe('post, misused', () => {
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

  it('rejects an invalid header or url as our own mistake, not as an outcome', async () => {
    await assert.rejects(postTo(poster, receiver.url, { headers: { 'x-a': 'a\r\nb' } }), /invalid x-a header/);
    await assert.rejects(postTo(poster, 'hooks.example.test'), TypeError);
    await assert.rejects(postTo(poster, 'ftp://127.0.0.1/'), /neither http nor https/);
    assert.equal(receiver.requests.length, 0);
  });

  it('rejects when this process is out of file descriptors, without the address', async () => {
    const error = Object.assign(new Error('getaddrinfo EMFILE receiver.test'), { code: 'EMFILE' });
    const poor = createTestPoster({ resolve: () => Promise.reject(error) });
    await assert.rejects(postTo(poor, 'http://receiver.test/'), (rejected: Error) => {
      assert.match(rejected.message, /out of resources \(EMFILE\)/);
      return !rejected.message.includes('receiver.test');
    });
  });

  it('closes when the requests in flight have ended, and accepts no more', async () => {
    receiver.respond = { delayMs: 100 };
    const attempt = postTo(poster, receiver.url);
    await receiver.waitForRequests(1);
    await poster.close();
    assert.equal(summary(await attempt), 'accepted 200');
    await waitFor(() => receiver.openSockets.size === 0, { what: 'the connections to be closed' });
    await assert.rejects(postTo(poster, receiver.url), /the poster is closed/);
    await poster.close();
  });
});
