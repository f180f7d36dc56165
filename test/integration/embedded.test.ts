import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { createLogger, type Logger } from '../../src/log.js';
import { startPostgres, type EmbeddedPostgres } from '../../src/dev/embedded/postgres.js';
import { StartError } from '../../src/errors.js';
import { processIdentity } from '../../src/dev/embedded/server-process.js';
import { startTemporal, type EmbeddedTemporal } from '../../src/dev/embedded/temporal.js';
import { waitFor } from '../support/wait-for.js';

const isGone = (pid: number) => processIdentity(pid) === undefined;

describe('the embedded stack', function () {
  this.timeout(60_000);

  let folder: string;
  let lines: string[];
  let log: Logger;
  const running: { stop(): Promise<void> }[] = [];
  const blockers: Server[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-embedded-'));
    lines = [];
    log = createLogger({ level: 'info', format: 'pretty' }, { write: (line) => void lines.push(line) });
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    for (const blocker of blockers.splice(0)) blocker.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function takePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    blockers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    return typeof address === 'object' && address ? address.port : assert.fail('no port');
  }

  /** Starts a server from a separate process, kills that process with SIGKILL, and returns the server's process id. */
  async function startAndDieHard(script: string): Promise<number> {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
      child.once('exit', (code) => reject(new Error(`the process ended before it had started a server (${code})`)));
    });
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    return pid;
  }

  describe('Postgres', () => {
    async function start(options: { port?: number } = {}): Promise<EmbeddedPostgres> {
      const server = await startPostgres({ dataDir: path.join(folder, 'postgres'), log, ...options });
      running.push(server);
      return server;
    }

    async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<T>(sql)).rows;
      } finally {
        await client.end();
      }
    }

    it('keeps its data when stopped and started again', async () => {
      const first = await start();
      await query(first.url, 'create table kept as select 42 as answer');
      await first.stop();
      assert.ok(isGone(first.pid));
      const second = await start();
      assert.deepEqual(await query(second.url, 'select answer, current_database() as name from kept'), [
        { answer: 42, name: 'irisx' },
      ]);
    });

    it('starts again after a kill -9, and keeps what was committed', async () => {
      const first = await start();
      const open = new pg.Client({ connectionString: first.url });
      open.on('error', () => {});
      await open.connect();
      await open.query('create table kept as select 1 as one');
      process.kill(first.pid, 'SIGKILL');
      await waitFor(() => isGone(first.pid), { what: 'the end of the killed server' });
      const second = await start();
      assert.deepEqual(await query(second.url, 'select one from kept'), [{ one: 1 }]);
    });

    it('starts again after a kill -9 of the process that started it', async () => {
      const dataDir = path.join(folder, 'postgres');
      const pid = await startAndDieHard(`
        import { startPostgres } from './src/dev/embedded/postgres.ts';
        import { createLogger } from './src/log.ts';
        const log = createLogger({ level: 'silent', format: 'json' });
        console.log((await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, log })).pid);`);
      const second = await start();
      assert.ok(isGone(pid));
      assert.deepEqual(await query(second.url, 'select 1 as one'), [{ one: 1 }]);
    });

    it('runs in a folder that only its owner may enter', async () => {
      await chmod(folder, 0o700);
      const { url } = await start();
      const dataDirectory = path.join(folder, 'postgres', 'cluster');
      assert.deepEqual(await query(url, 'show data_directory'), [{ data_directory: dataDirectory }]);
    });

    it('says that the port is taken, and which variable chooses another', async () => {
      const port = await takePort();
      await assert.rejects(start({ port }), (error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, new RegExp(`Port ${port}.*taken.*POSTGRES_PORT`));
        return true;
      });
    });

    it('refuses a data folder that another process of ours uses', async () => {
      const first = await start();
      await assert.rejects(start(), (error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, new RegExp(`already runs on .*process ${first.pid}.*IRISX_DATA_DIR`));
        return true;
      });
    });

    it('refuses connections without the password', async () => {
      const url = new URL((await start()).url);
      url.password = 'wrong';
      await assert.rejects(query(url.href, 'select 1'), { code: '28P01' });
    });
  });

  describe('Temporal', () => {
    const binary = process.env.TEST_TEMPORAL_BINARY!;

    async function start(options: { port?: number; uiPort?: number } = {}): Promise<EmbeddedTemporal> {
      const dataDir = path.join(folder, 'temporal');
      const server = await startTemporal({ binary, dataDir, namespace: 'default', log, ...options });
      running.push(server);
      return server;
    }

    async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
      const connection = await Connection.connect({ address });
      try {
        return await work(new Client({ connection }));
      } finally {
        await connection.close();
      }
    }

    const startWorkflow = (client: Client) =>
      client.workflow.start('kept', { taskQueue: 'nobody', workflowId: 'kept-delivery' });
    const describeWorkflow = (client: Client) => client.workflow.getHandle('kept-delivery').describe();

    it('keeps its workflows when stopped and started again', async () => {
      const first = await start();
      await withClient(first.address, startWorkflow);
      await first.stop();
      assert.ok(isGone(first.pid));
      const second = await start();
      const { status } = await withClient(second.address, describeWorkflow);
      assert.equal(status.name, 'RUNNING');
    });

    it('starts again after a kill -9, and keeps its workflows', async () => {
      const first = await start();
      await withClient(first.address, startWorkflow);
      process.kill(first.pid, 'SIGKILL');
      await waitFor(() => isGone(first.pid), { what: 'the end of the killed server' });
      const second = await start();
      const { status } = await withClient(second.address, describeWorkflow);
      assert.equal(status.name, 'RUNNING');
    });

    it('starts again after a kill -9 of the process that started it', async () => {
      const dataDir = path.join(folder, 'temporal');
      const pid = await startAndDieHard(`
        import { startTemporal } from './src/dev/embedded/temporal.ts';
        import { createLogger } from './src/log.ts';
        const log = createLogger({ level: 'silent', format: 'json' });
        const options = { binary: ${JSON.stringify(binary)}, dataDir: ${JSON.stringify(dataDir)}, namespace: 'default', log };
        console.log((await startTemporal(options)).pid);`);
      await start();
      assert.ok(isGone(pid));
    });

    it('serves its Web UI on the given port', async () => {
      const blocked = await takePort();
      blockers.pop()!.close();
      const { uiUrl } = await start({ uiPort: blocked });
      assert.equal(uiUrl, `http://127.0.0.1:${blocked}`);
      await waitFor(async () => (await fetch(uiUrl)).ok, { what: 'the Web UI' });
    });

    it('says which port is taken, and which variable chooses another', async () => {
      const port = await takePort();
      await assert.rejects(start({ port }), { name: 'StartError', message: /taken.*TEMPORAL_PORT/ });
      await assert.rejects(start({ uiPort: port }), { name: 'StartError', message: /Web UI.*taken.*TEMPORAL_UI_PORT/ });
    });

    it('shows the last lines of a server that exits while it starts', async () => {
      const failing = startTemporal({ binary: '/bin/false', namespace: 'default', log });
      await assert.rejects(failing, { name: 'StartError', message: /did not start \(exit code 1\)/ });
    });
  });
});
