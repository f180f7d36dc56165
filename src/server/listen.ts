import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StartError } from './embedded/server-process.js';

export interface ListeningServer {
  address: AddressInfo;
  /**
   * Takes no new connection and no new request; resolves when those in progress are answered, after 25 s at the latest:
   * then what is open is cut. A connection on which no request has come in whole is cut after 5 s.
   */
  close: () => Promise<void>;
}

/** Begun and not asked yet: half of the headers, or a connection that says nothing. Node's own timeouts end with `close`. */
const unaskedMs = 5_000;
const longestAnswerMs = 25_000;

/** Rejects with clear words when the port is taken. */
export async function listen(app: RequestListener, at: { host: string; port: number }): Promise<ListeningServer> {
  const open = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let isClosing = false;
  const server = createServer();
  // A connection that is kept alive closes with its present answer. Before the app, which may answer at once.
  server.on('request', (_request, response) => {
    if (isClosing) response.setHeader('Connection', 'close');
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  server.on('request', app);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', refuseUnreadable);
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
        const timers = [
          setTimeout(() => {
            const asked = new Set([...open].map(({ socket }) => socket));
            for (const socket of sockets) if (!asked.has(socket)) socket.destroy();
          }, unaskedMs),
          setTimeout(() => server.closeAllConnections(), longestAnswerMs),
        ];
        server.close((error) => {
          timers.forEach(clearTimeout);
          if (error) reject(error);
          else resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const unreadable: Record<string, [status: number, title: string, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers of the request have more than 16 KB.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request was not complete in time.'],
};

/** What never became a request is answered like one: a problem document with an id. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Gone, or in the middle of an answer: nothing can be said any more.
  if (!socket.writable || error.code === 'ECONNRESET' || ('bytesWritten' in socket && socket.bytesWritten)) {
    socket.destroy();
    return;
  }
  const [status, title, detail] = unreadable[error.code ?? ''] ?? [400, 'Bad Request', 'This is no HTTP/1.1 request.'];
  const body = JSON.stringify({ type: 'urn:irisx:problem:unreadable_request', title, status, detail });
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${randomUUID()}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
