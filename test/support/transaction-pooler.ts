import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import pg from 'pg';

export interface TransactionPooler {
  /** A url to the same database, through the pooler. */
  readonly url: string;
  /** How often a client's transaction got another server session than its previous one. */
  readonly changes: number;
  close(): Promise<void>;
}

/**
 * Behaves like PgBouncer in transaction mode: any number of clients share a few server sessions, one for each
 * transaction. Like PgBouncer, it refuses a new connection with settings that it cannot keep for a session.
 */
export async function startTransactionPooler(serverUrl: string, sessions: number): Promise<TransactionPooler> {
  const free: Socket[] = [];
  const waiting = new Map<Socket, Buffer[]>();
  const sessionOf = new Map<Socket, Socket>();
  const lastOf = new Map<Socket, Socket>();
  const clients = new Set<Socket>();
  const servers: Socket[] = [];
  let changes = 0;

  for (let i = 0; i < sessions; i++) {
    const socket = await openSession(serverUrl);
    servers.push(socket);
    free.push(socket);
    const pass = messagesOf((message) => {
      const client = [...sessionOf].find(([, session]) => session === socket)?.[0];
      client?.write(message);
      // ReadyForQuery, outside a transaction.
      if (client && message[0] === code('Z') && message[5] === code('I')) {
        sessionOf.delete(client);
        free.push(socket);
        serveNext();
      }
    });
    socket.on('data', pass);
    socket.on('error', () => undefined);
  }

  /** In turn, so that a client seldom gets the same session again. */
  function serveNext(): void {
    for (const [client, messages] of waiting) {
      const session = free.shift();
      if (!session) return;
      waiting.delete(client);
      if (lastOf.has(client) && lastOf.get(client) !== session) changes += 1;
      lastOf.set(client, session);
      sessionOf.set(client, session);
      session.write(Buffer.concat(messages));
    }
  }

  function accept(client: Socket): void {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => {
      clients.delete(client);
      waiting.delete(client);
      // Its server session is in the middle of something, so nobody else can use it.
      sessionOf.get(client)?.destroy();
      sessionOf.delete(client);
    });
    client.once('data', (startup) => {
      const refused = /lock_timeout|statement_timeout|idle_in_transaction_session_timeout|options/.exec(
        startup.toString('latin1'),
      );
      if (refused) return void client.end(errorMessage(`unsupported startup parameter: ${refused[0]}`));
      client.write(
        Buffer.concat([frame('R', int32(0)), frame('K', Buffer.concat([int32(1), int32(1)])), frame('Z', 'I')]),
      );
      client.on('data', messagesOf(onMessage));
    });

    function onMessage(message: Buffer): void {
      if (message[0] === code('X')) return void client.end();
      const session = sessionOf.get(client);
      if (session) return void session.write(message);
      waiting.set(client, [...(waiting.get(client) ?? []), message]);
      serveNext();
    }
  }

  const server = createServer(accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    get changes() {
      return changes;
    },
    async close() {
      for (const socket of [...clients, ...servers]) socket.destroy();
      await closed(server);
    },
  };
}

/** Opens an authenticated, ready session and takes over its socket. */
async function openSession(url: string): Promise<Socket> {
  const client = new pg.Client({ connectionString: url, application_name: 'test-pooler' });
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners();
  return stream;
}

/** Splits a stream into messages, each with a type byte and its length. */
function messagesOf(handle: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      handle(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

const code = (letter: string) => letter.charCodeAt(0);
function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
function frame(letter: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(letter), int32(bytes.length + 4), bytes]);
}
const errorMessage = (text: string) => frame('E', `SFATAL\0VFATAL\0C08P01\0M${text}\0\0`);
const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));
