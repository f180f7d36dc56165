import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartError } from './embedded/server-process.js';

export interface ListeningServer {
  address: AddressInfo;
  /** Takes no new connection and no new request; resolves when those in progress are answered. */
  close: () => Promise<void>;
}

/** Rejects with clear words when the port is taken. */
export async function listen(app: RequestListener, at: { host: string; port: number }): Promise<ListeningServer> {
  const open = new Set<ServerResponse>();
  let isClosing = false;
  const server = createServer();
  // A connection that is kept alive closes with its present answer. Before the app, which may answer at once.
  server.on('request', (_request, response) => {
    if (isClosing) response.setHeader('Connection', 'close');
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  server.on('request', app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new StartError(
              `Port ${at.port}, meant for the API, is taken by another program. Stop that program, or set PORT to a free port.`,
            )
          : error,
      ),
    );
    server.listen(at.port, at.host, resolve);
  });
  return {
    address: server.address() as AddressInfo,
    close: () =>
      new Promise((resolve, reject) => {
        isClosing = true;
        for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
}
