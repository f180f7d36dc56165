/**
 * The tenants' servers, in a process of their own that no fault hits. Each listens on a port of its own and logs every
 * request to a file. The process ends when the channel to the harness closes.
 */
import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '../../support/random.js';
import { respond, type ReceiverKind } from './behaviour.js';
import {
  bodiesFile,
  requestsFile,
  type ReceivedRequest,
  type ReceiverCommand,
  type ReceiverMessage,
} from './request-log.js';
import { senderOf } from './sender-of.js';

interface Receiver {
  name: string;
  kind: ReceiverKind;
  isBad: boolean;
  goneAfterMs: number[];
}

const {
  folder,
  seed,
  receivers: given,
} = JSON.parse(process.env['RECEIVERS']!) as {
  folder: string;
  seed: number;
  receivers: { name: string; kind: ReceiverKind }[];
};
const random = createRandom(seed, 'receivers');
const receivers = new Map<string, Receiver>(
  given.map((each) => [each.name, { ...each, isBad: false, goneAfterMs: [] }]),
);
const requestLog = openSync(path.join(folder, requestsFile), 'a');
const bodyLog = openSync(path.join(folder, bodiesFile), 'a');
const knownBodies = new Set<string>();
const open = new Map<ServerResponse, ReceivedRequest>();
let senders: number[] = [];
let connections = 0;

interface Connection {
  number: number;
  requests: number;
  sender: Promise<number | undefined>;
}
const connectionOf = new WeakMap<Socket, Connection>();

function serve(receiver: Receiver): Promise<string> {
  const server = createServer((request, response) => {
    handle(receiver, request, response).catch(() => request.socket.destroy());
  });
  // Longer than the senders keep idle connections open between two events of a webhook, so that most are reused.
  server.keepAliveTimeout = 20_000;
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    connectionOf.set(socket, { number: ++connections, requests: 0, sender: senderOf(socket, senders) });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

async function handle(receiver: Receiver, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const connection = connectionOf.get(incoming.socket)!;
  const header = (name: string) => String(incoming.headers[name] ?? '');
  const request: ReceivedRequest = {
    receiver: receiver.name,
    path: incoming.url ?? '',
    beganAt: Date.now(),
    endedAt: 0,
    end: 'open',
    complete: false,
    deliveryId: header('x-irisx-delivery'),
    attempt: Number(header('x-irisx-attempt')),
    eventId: header('x-irisx-event-id'),
    messageId: header('webhook-id'),
    timestamp: header('x-irisx-timestamp'),
    signature: header('x-irisx-signature'),
    ...(incoming.headers['x-irisx-signature-previous'] && { previousSignature: header('x-irisx-signature-previous') }),
    standardSignature: header('webhook-signature'),
    bodyHash: '',
    connection: connection.number,
    ofConnection: ++connection.requests,
  };
  open.set(response, request);
  let isReset = false;
  let isFinished = false;
  response.once('finish', () => (isFinished = true));
  response.once('close', () => {
    request.endedAt = Date.now();
    request.end = isFinished ? 'answered' : isReset ? 'reset' : 'closed';
    open.delete(response);
    void connection.sender.then((pid) => write({ ...request, ...(pid !== undefined && { senderPid: pid }) }));
  });

  const body = await readBody(incoming);
  request.complete = true;
  request.bodyHash = createHash('sha256').update(body).digest('base64');
  if (!knownBodies.has(request.bodyHash)) {
    knownBodies.add(request.bodyHash);
    writeSync(bodyLog, `${JSON.stringify({ hash: request.bodyHash, body: body.toString() })}\n`);
  }
  // Before anything is closed: the owner of a closed socket cannot be found.
  await connection.sender;
  const goneAfterMs = receiver.goneAfterMs.shift();
  if (goneAfterMs !== undefined) {
    await delay(goneAfterMs);
    request.status = 410;
    response.writeHead(410).end('gone');
    return;
  }
  // `close` comes while `answer` is awaited, so the intention must be set before.
  isReset = receiver.isBad;
  const answered = await respond(response, { ...receiver, ofConnection: request.ofConnection, random });
  if (typeof answered === 'number') request.status = answered;
  if (answered !== 'reset') isReset = false;
}

const write = (request: ReceivedRequest) => void writeSync(requestLog, `${JSON.stringify(request)}\n`);

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function obey(message: ReceiverCommand): void {
  switch (message.command) {
    case 'mood':
      receivers.get(message.receiver)!.isBad = message.isBad;
      break;
    case 'gone':
      receivers.get(message.receiver)!.goneAfterMs.push(message.afterMs);
      break;
    case 'senders':
      senders = message.pids;
      break;
    case 'heal':
      for (const receiver of receivers.values()) {
        receiver.isBad = false;
        receiver.goneAfterMs = [];
      }
      break;
    case 'flush':
      send({ kind: 'flushed', number: message.number, openRequests: open.size });
      break;
  }
}

const send = (message: ReceiverMessage) => void process.send!(message);

process.on('message', obey);
// Ctrl-C in a terminal reaches all its programs; the harness ends us when it is done.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
const urls: Record<string, string> = {};
for (const receiver of receivers.values()) urls[receiver.name] = await serve(receiver);
send({ kind: 'listening', urls });
