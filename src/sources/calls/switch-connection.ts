import esl, { type Event } from 'modesl';
import type { SwitchAddress } from '../../config/freeswitch.js';
import { BadFrameError, FrameReader } from './frame-reader.js';
import type { ConnectionEndKind } from './reconnect-delay.js';
import { toSoundBytes } from './sound-frame.js';

export interface ConnectionDeadlines {
  /** From the start until the subscription is confirmed. */
  readyMs: number;
  /** The longest silence; HEARTBEAT comes every 20 s. */
  silenceMs: number;
  /** The longest silence after a disconnect notice, default 2 s; longer if the switch says that it lingers longer. */
  afterNoticeMs?: number;
}

export const connectionDeadlines: ConnectionDeadlines = { readyMs: 10_000, silenceMs: 60_000 };

const maxLingerMs = 60_000;

export interface ConnectionEnd {
  kind: ConnectionEndKind;
  /** For the log. Contains nothing of what was sent. */
  reason: string;
}

export interface SwitchConnection {
  /** Resolves, never rejects, once the socket is closed: only then may another connection be opened. */
  ended: Promise<ConnectionEnd>;
  /** The reply's text; null if the connection ended without one. One command at a time. */
  ask(command: string): Promise<string | null>;
  /** Stops reading, so that the switch queues events. Meanwhile its silence does not count. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface ConnectionHandlers {
  /** Subscribed: from now on every event arrives. */
  onReady: (connection: SwitchConnection) => void;
  onEvent: (event: Event) => void;
}

/**
 * One connection to the event socket, from connecting to its end, whatever ends it: modesl neither notices a reset or a
 * silent peer nor survives a bad frame, and never reconnects.
 */
export function connectToSwitch(
  { host, port, password }: SwitchAddress,
  eventNames: readonly string[],
  { onReady, onEvent }: ConnectionHandlers,
  deadlines: ConnectionDeadlines = connectionDeadlines,
): SwitchConnection {
  const connection = new esl.Connection(host, port, password);
  // modesl subscribes to these by itself after the login; its default would include every dialplan application.
  connection.reqEvents = [...eventNames];
  const socket = connection.socket;
  if (!socket) throw new Error('modesl has no socket after construction');
  socket.setKeepAlive(true, 30_000);

  let end: ConnectionEnd | undefined;
  let isReady = false;
  /** The silence that the switch is allowed after its notice; undefined: it gave none. */
  let lingerMs: number | undefined;
  let replies = 0;
  let receivedAt = performance.now();
  const drop = (kind: ConnectionEndKind, reason: string) => {
    end ??= { kind, reason };
    socket.destroy();
  };
  const readyDeadline = setTimeout(
    () => drop('unreachable', `not ready within ${deadlines.readyMs} ms`),
    deadlines.readyMs,
  );
  const silenceWatch = setInterval(() => {
    if (socket.isPaused()) receivedAt = performance.now();
    else if (performance.now() - receivedAt > deadlines.silenceMs) drop('lost', `silent for ${deadlines.silenceMs} ms`);
  }, deadlines.silenceMs / 8);
  let noticeDeadline: NodeJS.Timeout | undefined;
  const closeSoon = () => {
    clearTimeout(noticeDeadline);
    noticeDeadline = setTimeout(() => {
      // While reading is paused, the silence is ours and not the switch's.
      if (socket.isPaused()) closeSoon();
      else drop('lost', 'the switch gave notice');
    }, lingerMs);
  };
  const ended = new Promise<ConnectionEnd>((resolve) => {
    socket.once('close', () => {
      clearTimeout(readyDeadline);
      clearTimeout(noticeDeadline);
      clearInterval(silenceWatch);
      if (lingerMs !== undefined) end ??= { kind: 'lost', reason: 'the switch gave notice' };
      resolve(end ?? { kind: isReady ? 'lost' : 'unreachable', reason: 'the connection was closed' });
    });
  });

  connection.on('error', (error) => {
    // Socket errors have a code; without one, it is a frame that modesl could not read.
    const { code } = error as NodeJS.ErrnoException;
    drop(isReady ? 'lost' : 'unreachable', code ?? `a bad frame: ${error.name}`);
  });
  connection.on('esl::connect', () => {
    const [parse] = socket.listeners('data') as ((bytes: Buffer) => void)[];
    if (!parse) return drop('unreachable', 'modesl does not read its socket');
    socket.off('data', parse);
    const frames = new FrameReader();
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const frame of frames.read(bytes)) {
          if (end) return;
          receivedAt = performance.now();
          if (lingerMs !== undefined) closeSoon();
          parse(toSoundBytes(frame));
        }
      } catch (error) {
        // Includes what our own handlers throw: the process must survive whatever a switch sends.
        const isBad = error instanceof BadFrameError;
        drop('lost', isBad ? `a bad frame: ${error.message}` : `a frame that cannot be handled: ${String(error)}`);
      }
    });
  });
  connection.on('esl::end', () => {
    if (lingerMs !== undefined) drop('lost', 'the switch gave notice');
    else drop(isReady ? 'lost' : 'unreachable', 'the switch ended the connection');
  });
  connection.on('esl::event::auth::fail', () => drop('rejected', 'the password was refused'));
  connection.on('esl::event::raw::text/rude-rejection', () => drop('rejected', 'our address was refused'));
  // Not the end yet: with linger, the ends of calls follow it, in other packets or in the same one.
  connection.on('esl::event::disconnect::notice', (notice) => {
    const seconds = Number(notice.getHeader('Linger-Time') ?? 0) || 0;
    lingerMs = Math.min(Math.max(deadlines.afterNoticeMs ?? 2_000, seconds * 1000), maxLingerMs);
    closeSoon();
  });
  connection.on('esl::event::command::reply', (reply) => {
    // The first replies to the login, the second to modesl's subscription. A refused login has ended the connection.
    replies += 1;
    if (replies !== 2 || end) return;
    if (!String(reply.getHeader('Reply-Text')).startsWith('+OK'))
      return drop('rejected', 'the subscription was refused');
    isReady = true;
    clearTimeout(readyDeadline);
    onReady(self);
  });
  connection.on('esl::event::**', (event, headers) => {
    // Without headers it is one of modesl's own events.
    if (headers?.['Content-Type'] !== 'text/event-json' || end) return;
    if (typeof event.getHeader('Event-Name') !== 'string') return drop('lost', 'a bad frame: an event without a name');
    onEvent(event);
  });

  const self: SwitchConnection = {
    ended,
    ask: (command) =>
      new Promise((resolve) => {
        void ended.then(() => resolve(null));
        if (!end) connection.api(command, (answer) => resolve(answer.getBody()));
      }),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => drop('lost', 'we closed it'),
  };
  return self;
}
