import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import express from 'express';
import { listen, type ListeningServer } from '../../../src/api/http/listen.js';
import { sendEvents, type EventStream } from '../../../src/api/http/send-events.js';
import { waitFor } from '../../support/wait-for.js';

const chunk = 'a'.repeat(100_000);

/** Has no end; counts what was taken of it. After `max` events it waits until it is closed. */
class EndlessStream implements EventStream<string> {
  position = 'here';
  max = Infinity;
  taken = 0;
  closedAs: (string | undefined)[] = [];
  readonly #closed = new EventEmitter();

  async *events() {
    for (; this.closedAs.length === 0 && this.taken < this.max; this.taken++)
      yield { id: String(this.taken), data: chunk };
    if (this.closedAs.length === 0) await once(this.#closed, 'close');
  }

  close(reason?: 'unread') {
    this.closedAs.push(reason);
    this.#closed.emit('close');
  }
}

describe('a stream of server-sent events', () => {
  let server: ListeningServer;
  let stream: EndlessStream;
  beforeEach(async () => {
    stream = new EndlessStream();
    const app = express();
    app.use((request, response) => sendEvents(request, response, stream));
    server = await listen(app, { host: '127.0.0.1', port: 0, unread: { timeoutMs: 200 } });
  });
  afterEach(() => server.close());

  const send = (method: string) => {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    return socket;
  };

  it('is cut off if its client reads nothing; until then only little is taken and kept for it', async () => {
    const socket = send('GET');
    socket.pause();
    await waitFor(() => stream.closedAs.length > 0, { what: 'the end of the stream' });
    assert.equal(stream.closedAs[0], 'unread');
    // What the buffers of the two sockets hold, and no more.
    assert.ok(stream.taken > 1 && stream.taken < 200, `${stream.taken} of 100 KB`);
    socket.destroy();
  });

  it('is closed when its client leaves while there is nothing to send', async () => {
    stream.max = 1;
    const socket = send('GET');
    await once(socket, 'data');
    socket.destroy();
    await waitFor(() => stream.closedAs.length > 0, { what: 'the end of the stream' });
    assert.equal(stream.closedAs[0], undefined);
  });

  it('has no events for HEAD, and is closed', async () => {
    const socket = send('HEAD');
    const [head] = (await once(socket, 'data')) as [Buffer];
    assert.match(head.toString(), /^HTTP\/1.1 200 OK\r\n[^]*^Content-Type: text\/event-stream\r$/m);
    await once(socket, 'close');
    assert.equal(stream.taken, 0);
    assert.ok(stream.closedAs.length > 0);
  });
});
