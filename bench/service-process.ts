import path from 'node:path';
import { findFreePort } from '../src/dev/embedded/ports.js';
import { spawnServer } from '../src/dev/embedded/server-process.js';
import { waitFor } from '../test/support/wait-for.js';

export interface ServiceProcess {
  url: string;
  pid: number;
  /** Throws, with its last log lines, if it has ended. */
  assertRunning(): void;
  /** Lets it drain for a moment, then kills it: nobody needs the requests that hang here. Harmless to repeat. */
  stop(): Promise<void>;
}

/** `npm start` as in production: API and worker in a process of their own. Resolves when it is ready. */
export async function startService(options: {
  /** The Node binary that it runs on. */
  node: string;
  /** Where it is compiled. */
  compiled: string;
  env: Record<string, string>;
  logFile: string;
}): Promise<ServiceProcess> {
  const port = await findFreePort();
  const { PATH = '', HOME = '' } = process.env;
  const server = await spawnServer({
    command: options.node,
    args: [path.join(options.compiled, 'src/server/service.js')],
    env: {
      PATH,
      HOME,
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      HOST: '127.0.0.1',
      PORT: String(port),
      ...options.env,
    },
    logFile: options.logFile,
    signalOnOurDeath: 'SIGTERM',
  });
  const url = `http://127.0.0.1:${port}`;
  const assertRunning = () => {
    if (server.hasExited()) throw new Error(`the service has ended. Its last lines:\n${server.lastLines()}`);
  };
  try {
    await waitFor(
      async () => {
        assertRunning();
        return await fetch(`${url}/readyz`).then(
          (response) => response.ok,
          () => false,
        );
      },
      { what: 'the service to answer', intervalMs: 50, timeoutMs: 60_000 },
    );
  } catch (error) {
    const lastLines = server.lastLines();
    await server.stop('SIGKILL', 0);
    throw new Error(`${(error as Error).message}. Its last lines:\n${lastLines}`, { cause: error });
  }
  return { url, pid: server.pid, assertRunning, stop: () => server.stop('SIGTERM', 3_000) };
}
