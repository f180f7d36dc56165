import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../../../../src/log.js';
import {
  processIdentity,
  recordServer,
  spawnServer,
  stopLeftover,
  type ServerProcess,
} from '../../../../src/dev/embedded/server-process.js';
import { waitFor } from '../../../support/wait-for.js';

describe('embedded server processes', () => {
  let folder: string;
  let recordFile: string;
  let lines: string[];
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-process-'));
    recordFile = path.join(folder, 'process.json');
    lines = [];
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  const what = () => ({
    name: 'Postgres',
    folder,
    signal: 'SIGINT' as const,
    timeoutMs: 100,
    log: createLogger({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) }),
  });

  function startSleeper(script = 'setInterval(() => {}, 1000)'): ChildProcess & { pid: number } {
    const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child as ChildProcess & { pid: number };
  }

  async function rewriteRecord(change: (record: Record<'server' | 'owner', { identity: string }>) => void) {
    const record = JSON.parse(await readFile(recordFile, 'utf8'));
    change(record);
    await writeFile(recordFile, JSON.stringify(record));
  }

  describe('stopLeftover', () => {
    it('stops a server whose starter is gone', async () => {
      const { pid } = startSleeper();
      await recordServer(recordFile, pid);
      await rewriteRecord((record) => (record.owner.identity = 'another start time'));
      await stopLeftover(recordFile, what());
      assert.equal(processIdentity(pid), undefined);
      assert.match(lines.join(''), new RegExp(`stopping Postgres \\(process ${pid}\\)`));
    });

    it('kills a server that ignores the signal', async () => {
      const child = startSleeper(`process.on('SIGINT', () => {}); setInterval(() => {}, 1000); console.log('up')`);
      await once(child.stdout!, 'data');
      await recordServer(recordFile, child.pid);
      await rewriteRecord((record) => (record.owner.identity = 'another start time'));
      const exited = once(child, 'exit');
      await stopLeftover(recordFile, what());
      assert.equal(processIdentity(child.pid), undefined);
      assert.deepEqual(await exited, [null, 'SIGKILL']);
    });

    it('does not touch a server whose starter is alive, and names the starter', async () => {
      const { pid } = startSleeper();
      await recordServer(recordFile, pid);
      await assert.rejects(stopLeftover(recordFile, what()), {
        name: 'StartError',
        message: new RegExp(`already runs on .*process ${pid}, started by process ${process.pid}.*IRISX_DATA_DIR`),
      });
      assert.notEqual(processIdentity(pid), undefined);
    });

    it('does not touch another process that has got the same process id since', async () => {
      const { pid } = startSleeper();
      await recordServer(recordFile, pid);
      await rewriteRecord((record) => (record.server.identity = 'another start time'));
      await stopLeftover(recordFile, what());
      assert.notEqual(processIdentity(pid), undefined);
    });

    it('ignores a record that was cut short', async () => {
      await writeFile(recordFile, '{"server":');
      await stopLeftover(recordFile, what());
      assert.deepEqual(lines, []);
    });
  });

  describe('spawnServer', () => {
    const start = (script: string): Promise<ServerProcess> =>
      spawnServer({
        command: process.execPath,
        args: ['--eval', script],
        env: {},
        logFile: path.join(folder, 'server.log'),
        signalOnOurDeath: 'SIGTERM',
      });

    it("keeps the server's output, and reports how it ended", async () => {
      const server = await start(`console.log('up'); console.error('broken'); process.exit(3)`);
      assert.equal(await server.exited, 'exit code 3');
      assert.ok(server.hasExited());
      assert.equal(server.lastLines(), 'up\nbroken');
    });

    it('keeps the log of the previous run', async () => {
      await (
        await start(`console.log('first')`)
      ).exited;
      await (
        await start(`console.log('second')`)
      ).exited;
      assert.equal(await readFile(path.join(folder, 'server.previous.log'), 'utf8'), 'first\n');
      assert.equal(await readFile(path.join(folder, 'server.log'), 'utf8'), 'second\n');
    });

    it('kills a server that does not react to its signal in time', async () => {
      const server = await start(
        `process.on('SIGTERM', () => console.log('heard')); setInterval(() => {}, 1000); console.log('up')`,
      );
      await waitFor(() => server.lastLines() === 'up', { what: 'the server to listen to signals' });
      await server.stop('SIGTERM', 50);
      assert.equal(await server.exited, 'killed by SIGKILL');
      assert.match(server.lastLines(), /heard/);
      await server.stop('SIGTERM', 50);
    });

    it('says which program cannot be run', async () => {
      const options = { args: [], env: {}, logFile: path.join(folder, 'x.log'), signalOnOurDeath: 'SIGTERM' } as const;
      await assert.rejects(async () => {
        const server = await spawnServer({ ...options, command: '/nowhere/temporal' });
        // With a launcher in front, the launcher runs and fails.
        throw new Error(`${await server.exited}: ${server.lastLines()}`);
      }, /\/nowhere\/temporal/);
    });
  });
});
