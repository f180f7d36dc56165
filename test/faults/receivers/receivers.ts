import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTypeScript } from '../../support/run-program.js';
import type { ReceiverKind } from './behaviour.js';
import {
  bodiesFile,
  requestsFile,
  type ReceivedRequest,
  type ReceiverCommand,
  type ReceiverMessage,
} from './request-log.js';

export interface Receivers {
  /** Each receiver's url, by name, without a trailing slash. */
  urls: Readonly<Record<string, string>>;
  setMood(receiver: string, isBad: boolean): void;
  /** The next request there gets a 410, after `afterMs`. */
  respondGoneOnce(receiver: string, afterMs: number): void;
  setSenders(pids: number[]): void;
  heal(): void;
  /** How many requests are open now. */
  openRequests(): Promise<number>;
  /** All requests received, ordered by their start, and the bodies by hash. */
  read(): Promise<{ requests: ReceivedRequest[]; bodies: Map<string, string> }>;
  close(): Promise<void>;
}

export async function startReceivers(
  folder: string,
  seed: number,
  receivers: { name: string; kind: ReceiverKind }[],
): Promise<Receivers> {
  const child = fork(fileURLToPath(new URL('./receivers-process.ts', import.meta.url)), {
    execArgv: runTypeScript,
    env: { PATH: process.env['PATH'] ?? '', RECEIVERS: JSON.stringify({ folder, seed, receivers }) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { urls } = await nextMessage(child, (message) => (message.kind === 'listening' ? message : undefined));
  const send = (command: ReceiverCommand) => void (child.connected && child.send(command));
  let flushes = 0;
  const flush = async (): Promise<number> => {
    const number = ++flushes;
    const flushed = nextMessage(child, (message) =>
      message.kind === 'flushed' && message.number === number ? message : undefined,
    );
    send({ command: 'flush', number });
    return (await flushed).openRequests;
  };
  return {
    urls,
    setMood: (receiver, isBad) => send({ command: 'mood', receiver, isBad }),
    respondGoneOnce: (receiver, afterMs) => send({ command: 'gone', receiver, afterMs }),
    setSenders: (pids) => send({ command: 'senders', pids }),
    heal: () => send({ command: 'heal' }),
    openRequests: flush,
    async read() {
      await flush();
      const requests = await readLines<ReceivedRequest>(path.join(folder, requestsFile));
      const bodies = await readLines<{ hash: string; body: string }>(path.join(folder, bodiesFile));
      return {
        requests: requests.sort((a, b) => a.beganAt - b.beganAt),
        bodies: new Map(bodies.map(({ hash, body }) => [hash, body])),
      };
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

function nextMessage<T>(child: ChildProcess, pick: (message: ReceiverMessage) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      const picked = pick(message as ReceiverMessage);
      if (picked === undefined) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(picked);
    };
    const onExit = () => reject(new Error('the receivers ended'));
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}

async function readLines<T>(file: string): Promise<T[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
