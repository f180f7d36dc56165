import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StartError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { assertPortFree, findFreePort } from './ports.js';
import { recordServer, spawnServer, stopLeftover, type ServerProcess } from './server-process.js';

export interface EmbeddedTemporalOptions {
  /** Path of the Temporal CLI, as `findTemporalBinary` returns it. */
  binary: string;
  /** Holds the state and the log. Absent: the state is in memory and lost when the process ends. */
  dataDir?: string;
  /** Of the frontend (gRPC). Absent: any free port. */
  port?: number;
  /** Of the Web UI. Absent or null: no UI. */
  uiPort?: number | null;
  /** The server creates it if it is missing. */
  namespace: string;
  log: Logger;
  /** Name to type (`Keyword`, `Int`, …). Registered at start; existing ones are left as they are. */
  searchAttributes?: Readonly<Record<string, string>>;
}

export interface EmbeddedTemporal {
  /** `host:port` of the frontend. */
  address: string;
  uiUrl?: string;
  pid: number;
  /** SIGTERM, then SIGKILL after 10 s. State in a file survives both. Harmless to call twice. */
  stop: () => Promise<void>;
}

const startDeadlineMs = 60_000;
const stopTimeoutMs = 10_000;

const dynamicConfig = {
  // Off by default. Without it, every other tenant's deliveries wait behind one tenant's backlog.
  'matching.enableFairness': true,
  // Fairness applies within a partition, so a small server has one.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  // Otherwise it asks an external server whether there is a newer version.
  'frontend.enableServerVersionCheck': false,
};

/**
 * Temporal's dev server on 127.0.0.1. Copes with what is left behind if we or the server were killed with `kill -9`.
 * @throws {StartError} when a port is taken, when it runs on that folder already, or when it does not start
 */
export async function startTemporal(options: EmbeddedTemporalOptions): Promise<EmbeddedTemporal> {
  const { dataDir, namespace, log } = options;
  const uiPort = options.uiPort ?? undefined;
  const folder = dataDir ?? (await mkdtemp(path.join(tmpdir(), 'irisx-temporal-')));
  const recordFile = path.join(folder, 'process.json');
  const removeFolder = async () => {
    if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
  };
  let server: ServerProcess | undefined;
  try {
    await mkdir(folder, { recursive: true });
    await stopLeftover(recordFile, { name: 'Temporal', folder, signal: 'SIGTERM', timeoutMs: stopTimeoutMs, log });
    if (options.port !== undefined) await assertPortFree(options.port, 'Temporal', 'TEMPORAL_PORT');
    if (uiPort !== undefined) await assertPortFree(uiPort, "Temporal's Web UI", 'TEMPORAL_UI_PORT');

    const port = options.port ?? (await findFreePort());
    const address = `127.0.0.1:${port}`;
    const database = dataDir === undefined ? [] : sqliteFlags(path.join(dataDir, 'temporal.db'));
    server = await spawnServer({
      command: options.binary,
      // prettier-ignore
      args: ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace,
        ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-ip', '127.0.0.1']),
        '--log-level', 'error', ...database,
        ...flags('--search-attribute', options.searchAttributes ?? {}), ...flags('--dynamic-config-value', dynamicConfig)],
      // Without our own variables: the CLI would read TEMPORAL_ADDRESS and others as its own settings.
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', TZ: 'UTC' },
      logFile: path.join(folder, 'temporal.log'),
      signalOnOurDeath: 'SIGTERM',
    });
    await waitUntilServing(server, address, namespace);
    if (dataDir !== undefined) await recordServer(recordFile, server.pid);
    const { pid } = server;
    return {
      address,
      pid,
      ...(uiPort !== undefined && { uiUrl: `http://127.0.0.1:${uiPort}` }),
      async stop() {
        await server!.stop('SIGTERM', stopTimeoutMs);
        await removeFolder();
      },
    };
  } catch (error) {
    await server?.stop('SIGTERM', stopTimeoutMs);
    await removeFolder();
    throw error;
  }
}

function sqliteFlags(file: string): string[] {
  // Nearly twice the deliveries of the default journal. The server accepts only these two pragmas.
  const pragmas = { journal_mode: 'wal', synchronous: 'normal' };
  return ['--db-filename', file, ...flags('--sqlite-pragma', pragmas)];
}

function flags(flag: string, values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
}

/** Waits until the frontend responds and knows the namespace. */
async function waitUntilServing(server: ServerProcess, address: string, namespace: string): Promise<void> {
  // Loaded only here: it takes a third of a second, while the server starts anyway.
  const { Connection } = await import('@temporalio/client');
  const deadline = Date.now() + startDeadlineMs;
  let lastError: unknown;
  while (!server.hasExited() && Date.now() < deadline) {
    // Its own pool: a shared one would keep this address's backoff from earlier refusals.
    const channelArgs = { 'grpc.use_local_subchannel_pool': 1 };
    const connection = Connection.lazy({ address, interceptors: [], channelArgs });
    try {
      await connection.withDeadline(Date.now() + 1_000, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      return;
    } catch (error) {
      lastError = error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await connection.close();
    }
  }
  const how = server.hasExited() ? await server.exited : 'it does not answer';
  throw new StartError(`Temporal did not start (${how}). Its last lines:\n${server.lastLines()}`, { cause: lastError });
}
