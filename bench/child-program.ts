import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a program of this folder with a channel for messages. It ends when the channel closes, so it never outlives us. */
export function forkProgram(file: string, env: Record<string, string> = {}): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: { PATH, HOME, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Resolves with the first result of `pick` that is not undefined; rejects if the program ends first. */
export function nextMessage<Message, Reply>(
  child: ChildProcess,
  name: string,
  pick: (message: Message) => Reply | undefined,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      const reply = pick(message as Message);
      if (reply === undefined) return;
      stopListening();
      resolve(reply);
    };
    const onExit = (code: number | null) => {
      stopListening();
      reject(new Error(`${name} ended (${code ?? 'by a signal'})`));
    };
    const stopListening = () => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}

/** Closes the channel, which ends the program; kills it if it does not end. */
export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(timer);
}
