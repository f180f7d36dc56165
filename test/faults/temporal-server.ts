import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { StartError } from '../../src/errors.js';
import { spawnServer } from '../../src/dev/embedded/server-process.js';
import { findLastingPort } from './processes/ports.js';
import { openTemporal, type RunningTemporal, type TemporalTarget } from './processes/temporal.js';

const version = 'v1.32.0';
const binaries = path.join(homedir(), '.cache', 'irisx-webhooks', 'temporal-server');
const stores = ['temporal', 'visibility'] as const;
const databaseOf = { temporal: 'temporal', visibility: 'temporal_visibility' } as const;
const serviceNames = ['frontend', 'matching', 'history', 'worker'] as const;
type Ports = Record<(typeof serviceNames)[number], { grpcPort: number; membershipPort: number }>;
const startDeadlineMs = 90_000;

/**
 * A real Temporal server with the namespace `default` and its databases on the given Postgres. All of its services run
 * in one process, as in a cluster of one machine.
 * @throws {StartError} saying how to build it, if it is missing
 */
export async function openRealTemporal(folder: string, postgresUrl: string): Promise<TemporalTarget> {
  const server = findBinary('server');
  await mkdir(folder, { recursive: true });
  await makeDatabases(findBinary('sql'), postgresUrl);
  const ports = await choosePorts();
  const configFile = path.join(folder, 'server.yaml');
  await writeFile(configFile, stringify(await serverConfig(folder, postgresUrl, ports)), { mode: 0o600 });
  return openTemporal(() => startServer(server, configFile, path.join(folder, 'temporal.log'), ports));
}

function findBinary(name: 'server' | 'sql'): string {
  const file = path.join(binaries, name);
  if (existsSync(file)) return file;
  const build = (module: string) => `GOBIN=${binaries} go install go.temporal.io/server/cmd/${module}@${version}`;
  throw new StartError(
    `No Temporal server at ${file}. Build it once, with Go 1.26 or newer, in about a quarter of an hour:\n` +
      `  ${build('server')}\n  ${build('tools/sql')}\nor use --temporal dev.`,
  );
}

async function makeDatabases(tool: string, postgresUrl: string): Promise<void> {
  const { hostname, port, username, password } = new URL(postgresUrl);
  for (const store of stores) {
    const run = (...args: string[]) =>
      promisify(execFile)(
        tool,
        // prettier-ignore
        ['--plugin', 'postgres12', '--endpoint', hostname, '--port', port, '--user', username, '--database', databaseOf[store], ...args],
        { env: { PATH: process.env['PATH'] ?? '', SQL_PASSWORD: decodeURIComponent(password) } },
      );
    await run('create-database');
    await run('setup-schema', '-v', '0.0');
    await run('update-schema', '--schema-name', `postgresql/v12/${store}`);
  }
}

async function choosePorts(): Promise<Ports> {
  const ports: Partial<Ports> = {};
  for (const name of serviceNames)
    ports[name] = { grpcPort: await findLastingPort(), membershipPort: await findLastingPort() };
  return ports as Ports;
}

async function serverConfig(folder: string, postgresUrl: string, ports: Ports): Promise<object> {
  const { host, username, password } = new URL(postgresUrl);
  const store = (databaseName: string, maxConns: number) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: host,
      connectProtocol: 'tcp',
      user: username,
      password: decodeURIComponent(password),
      maxConns,
      maxIdleConns: maxConns,
      maxConnLifetime: '1h',
    },
  });
  const dynamicConfig = path.join(folder, 'dynamic-config.yaml');
  await writeFile(
    dynamicConfig,
    stringify({
      // As in docker/temporal-dynamic-config.yaml.
      'matching.enableFairness': [{ value: true }],
      'matching.numTaskqueueReadPartitions': [{ value: 1 }],
      'matching.numTaskqueueWritePartitions': [{ value: 1 }],
      // Otherwise it asks an external server whether there is a newer version.
      'frontend.enableServerVersionCheck': [{ value: false }],
      // So that a new namespace is known quickly.
      'system.namespaceCacheRefreshInterval': [{ value: '1s' }],
    }),
  );
  return {
    log: { stdout: true, level: 'error' },
    persistence: {
      defaultStore: 'main',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: { main: store(databaseOf.temporal, 20), visibility: store(databaseOf.visibility, 5) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(
      Object.entries(ports).map(([name, rpc]) => [name, { rpc: { ...rpc, bindOnLocalHost: true } }]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${ports.frontend.grpcPort}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfig, pollInterval: '60s' },
  };
}

async function startServer(
  command: string,
  configFile: string,
  logFile: string,
  ports: Ports,
): Promise<RunningTemporal> {
  const address = `127.0.0.1:${ports.frontend.grpcPort}`;
  const server = await spawnServer({
    command,
    args: ['--config-file', configFile, '--allow-no-auth', 'start'],
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', TZ: 'UTC' },
    logFile,
    signalOnOurDeath: 'SIGKILL',
  });
  const deadline = Date.now() + startDeadlineMs;
  let lastError: unknown;
  while (!server.hasExited() && Date.now() < deadline) {
    try {
      await makeNamespace(address);
      return { pid: server.pid, address, stop: () => server.stop('SIGTERM', 10_000) };
    } catch (error) {
      lastError = error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  const how = server.hasExited() ? await server.exited : 'it does not answer';
  await server.stop('SIGKILL', 0);
  throw new StartError(`Temporal did not start (${how}). Its last lines:\n${server.lastLines()}`, { cause: lastError });
}

/** Creates the namespace, which the server does not do by itself. Resolves when it is served. */
async function makeNamespace(address: string): Promise<void> {
  // Its own pool: a shared one would keep this address's backoff from earlier refusals.
  const connection = Connection.lazy({ address, channelArgs: { 'grpc.use_local_subchannel_pool': 1 } });
  const namespace = 'default';
  try {
    await connection.withDeadline(Date.now() + 2_000, async () => {
      try {
        await connection.workflowService.describeNamespace({ namespace });
      } catch {
        await connection.workflowService
          .registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds: 86_400 as never } })
          .catch(() => undefined); // it exists already, but is not known everywhere
        throw new Error('the namespace is not served yet');
      }
      // Matching and history learn of it a little later than the frontend.
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
    });
  } finally {
    await connection.close();
  }
}
