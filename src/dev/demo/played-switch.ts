import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FrameReader } from '../../sources/calls/frame-reader.js';

/** How a new connection is treated: `serve` is a healthy switch, the others are its failures. */
export type Greeting = 'serve' | 'close' | 'silence' | 'refuse-address' | 'refuse-password';

export interface PlayedSwitch {
  readonly port: number;
  /** For FREESWITCH_URLS. */
  readonly url: string;
  /** Connections accepted so far, and the most that were open at the same time. */
  readonly connections: number;
  readonly maxOpenConnections: number;
  /** Commands of all connections, in order; passwords left out. */
  readonly commands: readonly string[];
  /** Connections that have subscribed to events. */
  readonly subscribers: number;
  /** For the next connections, in turn; the last is repeated. */
  greetings: Greeting[];
  /** The reply to `show channels as json`; null: no reply at all. */
  channels: readonly string[] | null;
  /** The Core-UUID of the last event sent, and the reply to `global_getvar core_uuid`. */
  coreUuid: string;
  /** Sends bytes to all subscribers. */
  send(bytes: string | Uint8Array): void;
  /** Sends the events of a recorded stream, as they are, one after the other. */
  play(stream: Buffer, delayMs?: number): Promise<void>;
  /** Ends every connection; `reset` sends an RST. */
  hangUp(how?: 'end' | 'reset'): void;
  /** Stops listening and cuts open connections. */
  close(): Promise<void>;
}

const password = 'ClueCon';

/**
 * An event socket on loopback that speaks like FreeSWITCH 1.10, for the demo and the tests. Makes no calls of its own.
 */
export async function startPlayedSwitch(at = 0): Promise<PlayedSwitch> {
  const open = new Set<Socket>();
  const subscribers = new Set<Socket>();
  const commands: string[] = [];
  let connections = 0;
  let maxOpenConnections = 0;

  const server = createServer((socket) => {
    open.add(socket);
    maxOpenConnections = Math.max(maxOpenConnections, open.size);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      subscribers.delete(socket);
    });
    const greeting = self.greetings[Math.min(connections++, self.greetings.length - 1)] ?? 'serve';
    if (greeting === 'close') return void socket.end();
    if (greeting === 'refuse-address')
      return void socket.end('Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n');
    if (greeting === 'silence') return;
    socket.write('Content-Type: auth/request\n\n');
    let pending = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const parts = (pending + text).split('\n\n');
      pending = parts.pop() ?? '';
      for (const command of parts) reply(socket, command, greeting);
    });
  });

  function reply(socket: Socket, command: string, greeting: Greeting): void {
    const reply = (text: string) => socket.write(`Content-Type: command/reply\nReply-Text: ${text}\n\n`);
    const [verb = '', ...rest] = command.split(' ');
    commands.push(verb === 'auth' ? 'auth' : command);
    if (verb === 'auth') {
      if (greeting !== 'refuse-password' && rest.join(' ') === password) return void reply('+OK accepted');
      reply('-ERR invalid');
      return void socket.end('Content-Type: text/disconnect-notice\nContent-Length: 11\n\nGood bye!\n\n');
    }
    if (verb === 'event') {
      reply('+OK event listener enabled json');
      return void subscribers.add(socket);
    }
    const replyToApi = (body: string) =>
      socket.write(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`);
    if (command === 'api global_getvar core_uuid') return void replyToApi(self.coreUuid);
    if (command !== 'api show channels as json') return void reply('-ERR command not found');
    if (!self.channels) return;
    const rows = self.channels.map((uuid) => ({ uuid, call_uuid: uuid }));
    replyToApi(JSON.stringify({ row_count: rows.length, ...(rows.length > 0 && { rows }) }));
  }

  const send = (bytes: string | Uint8Array) => {
    self.coreUuid = /"Core-UUID":\s*"([^"]+)"/.exec(Buffer.from(bytes as Uint8Array).toString())?.[1] ?? self.coreUuid;
    for (const socket of subscribers) socket.write(bytes);
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const self: PlayedSwitch = {
    port,
    url: `esl://:${password}@127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    get maxOpenConnections() {
      return maxOpenConnections;
    },
    commands,
    get subscribers() {
      return subscribers.size;
    },
    greetings: ['serve'],
    channels: [],
    coreUuid: '',
    send,
    async play(stream, delayMs = 0) {
      for (const { headers, contentType, body } of new FrameReader().read(stream)) {
        if (!contentType.startsWith('text/event-')) continue;
        const lines = [...headers].map(([name, value]) => `${name}: ${value}\n`).join('');
        send(Buffer.concat([Buffer.from(`${lines}\n`), body]));
        if (delayMs > 0) await delay(delayMs);
      }
    },
    hangUp(how = 'end') {
      for (const socket of open)
        if (how === 'reset') socket.resetAndDestroy();
        else socket.end();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
  return self;
}

/** One event as the switch sends it in JSON: header names and values, all text. */
export function jsonEvent(headers: Record<string, string>): Buffer {
  const body = Buffer.from(JSON.stringify(headers));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\nContent-Type: text/event-json\n\n`), body]);
}
