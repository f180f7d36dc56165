/**
 * The receiver, a process of its own (started by receiver-process.ts). It responds with 200 immediately; below
 * `/hang/<ms>/` after that many milliseconds; below `/flood/<kind>/` with an endless stream of bytes. It reports to its
 * parent, in batches, when each request arrived, by path and event id. It also plays Twilio: it accepts every message
 * after 60 ms, and reports it as an event at `/twilio` whose id is the recipient's number.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo, Socket } from 'node:net';
import { monotonicMs } from './clock.js';

export interface Arrival {
  /** `<path> <event id>` */
  key: string;
  atMs: number;
}

export type ReceiverMessage = { port: number } | { arrivals: Arrival[] };

/** Bytes that are neither header nor body: each kind sends `start` once, then `again` forever. */
const floods = {
  interim: { start: '', again: 'HTTP/1.1 102 Processing\r\n\r\n' },
  extensions: {
    start: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    again: `1;x=${'y'.repeat(1000)}\r\nx\r\n`,
  },
};
export type FloodKind = keyof typeof floods;

/** Short compared with every latency measured, long enough that reporting costs little. */
const batchMs = 4;
const twilioMs = 60;

const send = (message: ReceiverMessage) => process.send?.(message);
let batch: Arrival[] = [];

const server = createServer((request, response) => {
  const atMs = monotonicMs();
  if (request.url?.startsWith('/2010-04-01/')) return void respondAsTwilio(request, response, atMs);
  arrived(`${request.url} ${String(request.headers['x-irisx-event-id'])}`, atMs);
  request.resume();
  const flooded = /^\/flood\/(\w+)\//.exec(request.url ?? '');
  if (flooded) return flood(request.socket, floods[flooded[1] as FloodKind]);
  const hangs = /^\/hang\/(\d+)\//.exec(request.url ?? '');
  if (hangs) setTimeout(respond, Number(hangs[1]), response);
  else respond(response);
});

/** Writes as fast as the other side reads, until that closes. */
function flood(socket: Socket, { start, again }: (typeof floods)[FloodKind]): void {
  const block = again.repeat(Math.ceil(65_536 / again.length));
  const write = (): void => {
    while (!socket.destroyed) if (!socket.write(block)) return void socket.once('drain', write);
  };
  socket.on('error', () => undefined);
  socket.write(start);
  write();
}

function respond(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok');
}

async function respondAsTwilio(request: IncomingMessage, response: ServerResponse, atMs: number): Promise<void> {
  const to = new URLSearchParams(await text(request)).get('To');
  if (to !== null) arrived(`/twilio ${to}`, atMs);
  const message = {
    sid: `SM${randomBytes(16).toString('hex')}`,
    status: 'queued',
    num_segments: '1',
    error_code: null,
  };
  // The service also fetches the list of messages, to compare it; it is empty.
  const body = JSON.stringify(to === null ? { messages: [], next_page_uri: null } : message);
  setTimeout(
    () => response.writeHead(to === null ? 200 : 201, { 'Content-Type': 'application/json' }).end(body),
    twilioMs,
  );
}

function arrived(key: string, atMs: number): void {
  if (batch.length === 0) setTimeout(flush, batchMs);
  batch.push({ key, atMs });
}

function flush(): void {
  const arrivals = batch;
  batch = [];
  send({ arrivals });
}

// The receiver is never the reason why a connection is not reused.
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => send({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
// Ctrl-C in a terminal reaches all its programs; our parent decides when we stop.
process.on('SIGINT', () => undefined);
