import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { listen, type ListeningServer } from '../../../src/server/listen.js';

describe('what never becomes a request', () => {
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
    ['no HTTP', 'NONSENSE\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
  ];
  for (const [name, bytes, status] of cases) {
    it(`is answered by a problem document with an id: ${name}`, async () => {
      const answer = await send(bytes);
      assert.equal(answer.status, status);
      assert.equal(answer.problem.status, status);
      assert.match(answer.headers, /^X-Request-Id: [0-9a-f-]{36}$/m);
      assert.match(answer.headers, /^Content-Type: application\/problem\+json$/m);
    });
  }
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
      // What came first is read first.
      await fetch(`http://127.0.0.1:${server.address.port}/`);
      await server.close();
      socket.destroy();
    });

  it('lets a request be answered that it has', async () => {
    let answer!: () => void;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const server = await listen((_request, response) => void asked.then(() => response.end('late')), {
      host: '127.0.0.1',
      port: 0,
    });
    const response = fetch(`http://127.0.0.1:${server.address.port}/`);
    await fetch(`http://127.0.0.1:${server.address.port}/`, { signal: AbortSignal.timeout(100) }).catch(
      () => undefined,
    );
    const closed = server.close();
    answer();
    assert.equal(await (await response).text(), 'late');
    await closed;
  });
});
