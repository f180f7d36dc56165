import { createServer, type AddressInfo, type Socket } from 'node:net';
import { randomFrom } from './random.js';

export interface StreamServer {
  port: number;
  /** Resolves when the first client has disconnected. */
  done: Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves a recorded stream to the first client, cut at random places, and ends the connection. Later clients get
 * nothing. The same seed cuts in the same places.
 */
export async function serveInRandomCuts(stream: Buffer, seed: number): Promise<StreamServer> {
  const sockets = new Set<Socket>();
  let finish: () => void;
  const done = new Promise<void>((resolve) => (finish = resolve));
  let isFirst = true;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
    if (!isFirst) return;
    isFirst = false;
    socket.on('close', () => finish());
    const random = randomFrom(seed);
    let at = 0;
    const sendOn = () => {
      if (socket.destroyed) return;
      if (at >= stream.length) return void socket.end();
      const size = 1 + Math.floor(random() ** 4 * 20_000);
      // Yield to the event loop after each write; otherwise the pieces would travel as one.
      socket.write(stream.subarray(at, (at += size)), () => setImmediate(sendOn));
    };
    sendOn();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    done,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
