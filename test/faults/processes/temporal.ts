import type { Logger } from '../../../src/log.js';
import { startTemporal } from '../../../src/dev/embedded/temporal.js';
import { findTemporalBinary } from '../../../src/dev/embedded/temporal-binary.js';
import { signal, startWithRetries, type FaultTarget } from './target.js';

export interface TemporalTarget extends FaultTarget {
  /** `host:port` of the frontend. */
  readonly address: string;
  stop(): Promise<void>;
}

/** A running Temporal server, either the dev server or the real one. */
export interface RunningTemporal {
  pid: number;
  address: string;
  stop(): Promise<void>;
}

/** The dev server, with its state in a file. */
export async function openDevTemporal(dataDir: string, port: number, log: Logger): Promise<TemporalTarget> {
  const { path: binary } = await findTemporalBinary({ log });
  return openTemporal(() => startTemporal({ binary, dataDir, port, namespace: 'default', log }));
}

export async function openTemporal(startServer: () => Promise<RunningTemporal>): Promise<TemporalTarget> {
  let isOver = false;
  let running = await startServer();
  const kill = async () => {
    signal(running.pid, 'SIGKILL');
    await running.stop();
  };
  return {
    name: 'temporal',
    address: running.address,
    async start() {
      running = await startWithRetries(startServer, () => isOver);
    },
    kill,
    freeze: () => signal(running.pid, 'SIGSTOP'),
    thaw: () => signal(running.pid, 'SIGCONT'),
    terminate: () => running.stop(),
    async stop() {
      isOver = true;
      await kill();
    },
  };
}
