import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StartError } from '../../errors.js';
import { UnreadResponses, type UnreadLimits } from './unread-responses.js';

export interface ListeningServer {
  address: AddressInfo;
  /**
   * Takes no new connections or requests, and resolves when those in progress are answered. After 5 s it cuts
   * connections that have not sent a complete request; after 25 s, all that are still open.
   */
  close: () => Promise<void>;
}

export interface ListenOptions {
  host: string;
  port: number;
  /** How long a connection is kept open after a response; default: longer than load balancers keep theirs. */
  keepAliveMs?: number;
  /** Limits of responses that their clients do not read. */
  unread?: Partial<UnreadLimits>;
  /** For the message that the port is taken; default: the API, by PORT. */
  purpose?: { what: string; variable: string };
}

const defaultKeepAliveMs = 65_000;
/** Requests that may wait for a response on one connection. Only a client that wants to fill our memory sends more. */
const maxPipelined = 16;
/** How long a shutdown waits for a request that a client has begun to send. */
const unsentGraceMs = 5_000;
/** How long a shutdown waits for a response. */
const maxResponseMs = 25_000;

/** Rejects with a clear message when the port is taken. */
export async function listen(app: RequestListener, at: ListenOptions): Promise<ListeningServer> {
  /** The unfinished responses of each connection. */
  const open = new Map<Socket, Set<ServerResponse>>();
  const unread = new UnreadResponses(at.unread);
  let isClosing = false;
  const { what, variable } = at.purpose ?? { what: 'the API', variable: 'PORT' };
  const keepAliveTimeout = at.keepAliveMs ?? defaultKeepAliveMs;
  const headersTimeout = keepAliveTimeout + 5_000;
  const server = createServer({
    keepAliveTimeout,
    headersTimeout,
    requestTimeout: Math.max(300_000, headersTimeout),
  });
  server.on('connection', (socket) => {
    open.set(socket, new Set());
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const responses = open.get(socket);
    if (!responses || responses.size >= maxPipelined) return void socket.destroy();
    // A kept-alive connection closes after this response. Set before the app runs, as it may respond immediately.
    if (isClosing) response.setHeader('Connection', 'close');
    responses.add(response);
    response.once('close', () => responses.delete(response));
    unread.watch(response);
    app(request, response);
  });
  server.on('clientError', refuseUnreadable);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new StartError(
              `Port ${at.port}, meant for ${what}, is taken by another program. Stop that program, or set ${variable} to a free port.`,
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
        for (const response of [...open.values()].flatMap((responses) => [...responses]))
          if (!response.headersSent) response.setHeader('Connection', 'close');
        const cutUnsent = setTimeout(() => {
          for (const [socket, responses] of open) if (![...responses].some(({ req }) => req.complete)) socket.destroy();
        }, unsentGraceMs);
        const cutAll = setTimeout(() => server.closeAllConnections(), maxResponseMs);
        server.close((error) => {
          clearTimeout(cutUnsent);
          clearTimeout(cutAll);
          if (error) reject(error);
          else resolve();
        });
        server.closeIdleConnections();
        // Load balancers open connections ahead; Node does not count these as idle.
        for (const socket of open.keys()) if (socket.bytesRead === 0) socket.destroy();
      }),
  };
}

const unreadable: Record<string, [status: number, title: string, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', "The request's headers are larger than 16 KB."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request was not complete in time.'],
};

/** An unreadable request gets the same kind of response as any bad request: a problem document with an id. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // The client is gone, or a response has begun: it is too late to report anything.
  if (!socket.writable || error.code === 'ECONNRESET' || ('bytesWritten' in socket && socket.bytesWritten)) {
    socket.destroy();
    return;
  }
  const [status, title, detail] = unreadable[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'This is not an HTTP/1.1 request.',
  ];
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
