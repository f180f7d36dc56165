import { connect, createServer, type Server, type Socket } from 'node:net';
import { randomInt } from 'node:crypto';

export interface TcpProxy {
  /** On 127.0.0.1; `cut` and `restore` do not change it. */
  readonly port: number;
  /** Destroys every connection and refuses new ones, like a killed server. */
  cut(): Promise<void>;
  /**
   * Passes nothing on, like a network that drops packets, in old and new connections. `restore` sends what was held
   * back.
   */
  freeze(): void;
  /** What was held back since `freeze`, as text. */
  held(): string;
  /** Sends new connections to that port; old ones stay where they are. */
  retarget(port: number): void;
  /** Serves again after `cut` or `freeze`. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** A url to the proxy instead of the server. */
export function throughProxy(url: string, proxy: TcpProxy): string {
  const there = new URL(url);
  there.host = `127.0.0.1:${proxy.port}`;
  return there.href;
}

/**
 * A proxy between a process and a server on 127.0.0.1, so that a test can cut off that process alone from the server.
 */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let heldBack: { to: Socket; chunk: Buffer }[] = [];
  let server: Server | undefined;
  let target = targetPort;

  const accept = (incoming: Socket): void => {
    const outgoing = connect(target, '127.0.0.1');
    join(incoming, outgoing);
    join(outgoing, incoming);
  };
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (isFrozen) heldBack.push({ to, chunk });
      else to.write(chunk);
    });
    from.on('error', () => {});
    from.once('end', () => to.end());
    from.once('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    server = undefined;
    isFrozen = false;
    heldBack = [];
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  const port = await listenSomewhere();
  return {
    port,
    cut,
    freeze: () => void (isFrozen = true),
    retarget: (port) => void (target = port),
    held: () => Buffer.concat(heldBack.map(({ chunk }) => chunk)).toString('latin1'),
    async restore() {
      isFrozen = false;
      for (const { to, chunk } of heldBack.splice(0)) if (to.writable) to.write(chunk);
      server ??= await listen(port);
    },
    close: cut,
  };

  async function listenSomewhere(): Promise<number> {
    for (;;) {
      // Below the ephemeral port range, so that no other process is given the port while it is cut.
      const candidate = randomInt(20_000, 32_000);
      try {
        server = await listen(candidate);
        return candidate;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    }
  }

  function listen(at: number): Promise<Server> {
    return new Promise((resolve, reject) => {
      const listening = createServer(accept);
      listening.once('error', reject);
      listening.listen(at, '127.0.0.1', () => resolve(listening));
    });
  }
}
