import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from './wait-for.js';

export interface ReceivedRequest {
  /** Epoch milliseconds when the complete request had arrived. */
  at: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, as sent. */
  rawHeaders: string[];
  body: Buffer;
}

export interface StubResponse {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
  /** How long to wait before responding. */
  delayMs?: number;
}

/** Returns a response, or writes to `response` itself and returns nothing. `index` counts the requests from 0. */
export type Handler = (
  request: ReceivedRequest,
  response: ServerResponse,
  index: number,
) => number | StubResponse | void | Promise<number | StubResponse | void>;

/** One response for all, responses in turn (the last is repeated), or a handler. */
export type Respond = number | StubResponse | (number | StubResponse)[] | Handler;

/** A response that is held until the test releases it. */
export interface HeldResponse {
  respond: () => Promise<number | StubResponse>;
  /** Responds to all waiting requests, and from now on immediately. */
  release(): void;
}

export function holdResponse(response: number | StubResponse = 200): HeldResponse {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  return { respond: () => released.then(() => response), release };
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** Complete requests in order of arrival. */
  readonly requests: ReceivedRequest[];
  /** May be changed at any time; a sequence then starts anew. Default 200 with an empty body. */
  respond: Respond;
  /** Requests that have begun to arrive and have no response yet. */
  readonly openRequests: number;
  readonly maxOpenRequests: number;
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Connections open now. */
  readonly openSockets: ReadonlySet<Socket>;
  /** Resolves with the requests as soon as there are `count` of them; default timeout 30 s. */
  waitForRequests(count: number, timeoutMs?: number): Promise<ReceivedRequest[]>;
  /** Stops listening and cuts open connections; harmless to repeat. */
  close(): Promise<void>;
}

export interface ReceiverOptions {
  /** Serves https with these. */
  tls?: TlsOptions;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default: any free port. */
  port?: number;
  /** When idle connections are closed; default Node's 5 s. */
  keepAliveTimeoutMs?: number;
}

/** A tenant's real server: listens on loopback and keeps every request. */
export async function startReceiver(respond: Respond = 200, options: ReceiverOptions = {}): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const openSockets = new Set<Socket>();
  let current = respond;
  let turn = 0;
  let connections = 0;
  let openRequests = 0;
  let maxOpenRequests = 0;

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    maxOpenRequests = Math.max(maxOpenRequests, ++openRequests);
    response.once('close', () => openRequests--);
    const body = await readBody(incoming);
    const { method = '', url: path = '', headers, rawHeaders } = incoming;
    const request = { at: Date.now(), method, path, headers, rawHeaders, body };
    const index = requests.push(request) - 1;
    const reply = await choose(current, turn++, request, response, index);
    if (reply !== undefined) await send(response, reply);
  };
  const onRequest = (incoming: IncomingMessage, response: ServerResponse): void => {
    // The receiver must survive a sender that hangs up in the middle of its request.
    handle(incoming, response).catch(() => incoming.socket.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, onRequest) : createServer(onRequest);
  if (options.keepAliveTimeoutMs !== undefined) server.keepAliveTimeout = options.keepAliveTimeoutMs;
  server.on('connection', (socket: Socket) => {
    connections++;
    openSockets.add(socket);
    socket.once('close', () => openSockets.delete(socket));
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    openSockets,
    get respond() {
      return current;
    },
    set respond(next) {
      current = next;
      turn = 0;
    },
    get openRequests() {
      return openRequests;
    },
    get maxOpenRequests() {
      return maxOpenRequests;
    },
    get connections() {
      return connections;
    },
    waitForRequests: (count, timeoutMs) =>
      waitFor(() => (requests.length >= count ? requests : undefined), {
        ...(timeoutMs !== undefined && { timeoutMs }),
        what: `request ${count} at the receiver`,
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of openSockets) socket.destroy();
      }),
  };
}

async function choose(
  respond: Respond,
  turn: number,
  request: ReceivedRequest,
  response: ServerResponse,
  index: number,
): Promise<number | StubResponse | void> {
  if (typeof respond === 'function') return respond(request, response, index);
  if (Array.isArray(respond)) return respond[Math.min(turn, respond.length - 1)];
  return respond;
}

async function send(response: ServerResponse, reply: number | StubResponse): Promise<void> {
  const { status = 200, headers = {}, body = '', delayMs = 0 } = typeof reply === 'number' ? { status: reply } : reply;
  if (delayMs > 0) await delay(delayMs);
  response.writeHead(status, headers).end(body);
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
