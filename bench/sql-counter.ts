import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy in front of Postgres, and the statements that went through it. */
export interface SqlCounter {
  url: string;
  /** Executions since the last `reset`, by the statement's text. */
  counts(): Map<string, number>;
  reset(): void;
  close(): Promise<void>;
}

/**
 * Stands between a process and its Postgres and counts the statements that the process executes. It reads the
 * frontend's messages (PostgreSQL documentation, "Message Formats"): simple queries, and executions of prepared
 * statements. It cannot read TLS connections.
 */
export async function startSqlCounter(databaseUrl: string): Promise<SqlCounter> {
  const target = new URL(databaseUrl);
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  let unreadable: string | undefined;

  const server = createServer((incoming) => {
    const outgoing = connect(Number(target.port || 5432), target.hostname);
    const reader = new StatementReader(
      (text) => counts.set(text, (counts.get(text) ?? 0) + 1),
      (reason) => (unreadable ??= reason),
    );
    incoming.on('data', (chunk) => reader.push(chunk));
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.once('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    counts() {
      if (unreadable) throw new Error(`the statements cannot be counted: ${unreadable}`);
      return new Map(counts);
    },
    reset: () => counts.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const sslRequest = 80_877_103;
const gssRequest = 80_877_104;

/** Reads one connection's messages from the client, however the bytes are split. */
export class StatementReader {
  #rest: Buffer = Buffer.alloc(0);
  #isStarted = false;
  #isUnreadable = false;
  readonly #prepared = new Map<string, string>();
  readonly #portals = new Map<string, string>();

  constructor(
    private readonly onStatement: (text: string) => void,
    private readonly onUnreadable: (reason: string) => void,
  ) {}

  push(chunk: Buffer): void {
    if (this.#isUnreadable) return;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    // The first message of a connection has no type.
    for (;;) {
      const header = this.#isStarted ? 1 : 0;
      if (this.#rest.length < header + 4) return;
      const length = this.#rest.readInt32BE(header);
      if (length < 4 || length > 1 << 28) return this.#giveUp('a message has an impossible length');
      if (this.#rest.length < header + length) return;
      const message = this.#rest.subarray(0, header + length);
      this.#rest = this.#rest.subarray(header + length);
      if (this.#isStarted) this.#read(String.fromCharCode(message[0]!), message.subarray(5));
      else this.#start(message);
      if (this.#isUnreadable) return;
    }
  }

  #start(message: Buffer): void {
    const code = message.readInt32BE(4);
    if (code === sslRequest || code === gssRequest) this.#giveUp('the connection is encrypted');
    else this.#isStarted = true;
  }

  #read(type: string, body: Buffer): void {
    const [first = '', second = ''] = body.toString('utf8').split('\0', 2);
    if (type === 'Q') this.onStatement(oneLine(first));
    else if (type === 'P') this.#prepared.set(first, oneLine(second));
    else if (type === 'B') this.#portals.set(first, this.#prepared.get(second) ?? `prepared before: ${second}`);
    else if (type === 'E') this.onStatement(this.#portals.get(first) ?? `portal opened before: ${first}`);
  }

  #giveUp(reason: string): void {
    this.#isUnreadable = true;
    this.#rest = Buffer.alloc(0);
    this.onUnreadable(reason);
  }
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
