import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { listen, type ListeningServer } from '../../../src/api/http/listen.js';
import { waitFor } from '../../support/wait-for.js';

describe('input that never becomes a request', () => {
  let server: ListeningServer;
  before(async () => {
    server = await listen((_request, response) => void response.end('fine'), { host: '127.0.0.1', port: 0 });
  });
  after(() => server.close());

  async function send(
    bytes: string,
  ): Promise<{ status: number; headers: string; problem: { status: number; detail: string } }> {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes);
    const [headers = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    return {
      status: Number(headers.split(' ')[1]),
      headers,
      problem: JSON.parse(body) as { status: number; detail: string },
    };
  }

  const cases: [name: string, bytes: string, status: number][] = [
    ['not HTTP', 'NONSENSE\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
  ];
  for (const [name, bytes, status] of cases) {
    it(`is answered with a problem document with an id: ${name}`, async () => {
      const response = await send(bytes);
      assert.equal(response.status, status);
      assert.equal(response.problem.status, status);
      assert.match(response.headers, /^X-Request-Id: [0-9a-f-]{36}$/m);
      assert.match(response.headers, /^Content-Type: application\/problem\+json$/m);
    });
  }
});

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

function client(server: ListeningServer, bytes: string): Socket {
  const socket = connect(server.address.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(bytes);
  return socket;
}

describe('a connection', () => {
  it('field case 86: is kept for longer than balancers keep theirs, or for the configured time', async () => {
    for (const [keepAliveMs, seconds] of [
      [undefined, 65],
      [7_000, 7],
    ] as const) {
      const server = await listen((_request, response) => void response.end('fine'), {
        host: '127.0.0.1',
        port: 0,
        ...(keepAliveMs && { keepAliveMs }),
      });
      const response = await fetch(`http://127.0.0.1:${server.address.port}/`);
      await response.text();
      assert.equal(response.headers.get('keep-alive'), `timeout=${seconds}`);
      await server.close();
    }
  });

  it('is closed by a stop if it is idle, unused, or has sent only part of a request', async () => {
    let requests = 0;
    const server = await listen(
      (_request, response) => {
        requests += 1;
        response.end('fine');
      },
      { host: '127.0.0.1', port: 0 },
    );
    const [idle, silent, begun] = [client(server, get), client(server, ''), client(server, 'POST / HTTP/1.1\r\nHo')];
    const posting = client(server, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
    await Promise.all([once(idle, 'data'), once(posting, 'data')]);
    const closed = [idle, silent, begun, posting].map((socket) => once(socket, 'close'));
    await server.close();
    await Promise.all(closed);
    assert.equal(requests, 2);
  }).timeout(30_000);

  it('is cut when it pipelines too many requests', async () => {
    let requests = 0;
    const server = await listen(() => void (requests += 1), { host: '127.0.0.1', port: 0 });
    const socket = client(server, get.repeat(200));
    await once(socket, 'close');
    assert.equal(requests, 16);
    await server.close();
  });
});

describe('a response that is not read', () => {
  const large = Buffer.alloc(16 * 1024 * 1024, 'a');

  it('is cut off after a while, whether written in one piece or piped', async () => {
    const { Readable } = await import('node:stream');
    const cut: string[] = [];
    const server = await listen(
      (request, response) => {
        let isThrough = false;
        response.once('finish', () => (isThrough = !request.socket.destroyed));
        response.once('close', () => cut.push(`${request.url} ${isThrough}`));
        if (request.url === '/piped') Readable.from([large, large]).pipe(response);
        else response.end(large);
      },
      { host: '127.0.0.1', port: 0, unread: { timeoutMs: 300 } },
    );
    const sockets = ['/', '/piped'].map((path) => client(server, get.replace('/', path)));
    for (const socket of sockets) socket.pause();
    await waitFor(() => cut.length === 2, { what: 'both to be cut', timeoutMs: 20_000 });
    assert.deepEqual(cut.sort(), ['/ false', '/piped false']);
    for (const socket of sockets) socket.destroy();
    await server.close();
  }).timeout(30_000);

  it('counts towards one memory limit: the oldest are cut off, and a client that reads gets everything', async () => {
    let open = 0;
    const server = await listen(
      (_request, response) => {
        open += 1;
        response.once('close', () => (open -= 1));
        response.end(large);
      },
      { host: '127.0.0.1', port: 0, unread: { maxBytes: 3.5 * large.length } },
    );
    const sockets: Socket[] = [];
    for (let i = 0; i < 12; i += 1) {
      const socket = client(server, get);
      sockets.push(socket.pause());
    }
    await waitFor(() => open === 3, { what: 'all but three to be cut', timeoutMs: 20_000 });
    const response = await fetch(`http://127.0.0.1:${server.address.port}/`);
    assert.equal((await response.arrayBuffer()).byteLength, large.length);
    for (const socket of sockets) socket.destroy();
    await server.close();
  }).timeout(30_000);
});

describe('a server that closes', () => {
  for (const [what, words] of [
    ['nothing', ''],
    ['half of its headers', 'GET / HTTP/1.1\r\nHost: local'],
  ] as const)
    it(`does not wait for a client that has sent ${what}`, async () => {
      const server = await listen((_request, response) => response.end(), { host: '127.0.0.1', port: 0 });
      const socket = connect(server.address.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(words);
      // Its response proves that what was sent before it has been read.
      await fetch(`http://127.0.0.1:${server.address.port}/`);
      await server.close();
      socket.destroy();
    });

  it('still answers an open request', async () => {
    let respond!: () => void;
    const released = new Promise<void>((resolve) => {
      respond = resolve;
    });
    const server = await listen((_request, response) => void released.then(() => response.end('late')), {
      host: '127.0.0.1',
      port: 0,
    });
    const response = fetch(`http://127.0.0.1:${server.address.port}/`);
    await fetch(`http://127.0.0.1:${server.address.port}/`, { signal: AbortSignal.timeout(100) }).catch(
      () => undefined,
    );
    const closed = server.close();
    respond();
    assert.equal(await (await response).text(), 'late');
    await closed;
  });
});
