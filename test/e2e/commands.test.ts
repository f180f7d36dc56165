import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePort } from '../../src/dev/embedded/ports.js';
import { createTestDatabase } from '../support/database.js';
import { runProgram } from '../support/run-program.js';
import { waitFor } from '../support/wait-for.js';

interface Run {
  child: ChildProcess;
  output: () => string;
  exit: Promise<number | null>;
}

describe('commands', function () {
  this.timeout(120_000);
  const folders: string[] = [];
  const runs: Run[] = [];
  afterEach(async () => {
    for (const { child, exit } of runs.splice(0)) {
      child.kill('SIGTERM');
      await exit;
    }
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  function run(program: string, env: Record<string, string> = {}, args: string[] = []): Run {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [...runProgram(program), ...args], {
      // nothing else from the environment of the tests
      env: { PATH, HOME, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    const started = { child, output: () => text, exit };
    runs.push(started);
    return started;
  }
  async function dataFolder(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'irisx-commands-'));
    folders.push(folder);
    return folder;
  }
  const devPorts = async () => ({
    PORT: String(await findFreePort()),
    TEMPORAL_PORT: String(await findFreePort()),
    TEMPORAL_UI_PORT: String(await findFreePort()),
  });

  it('npm run demo shows signed requests arriving, one endpoint retried, a manual retry, and exits with 0', async () => {
    const demo = run('dev/demo');
    assert.equal(await demo.exit, 0, demo.output());
    const lines = demo.output().split('\n');
    const sent = lines.filter((line) => /^\s+POST/.test(line));
    assert.equal(sent.length, 12, demo.output());
    assert.ok(sent.every((line) => line.includes('signature ✓')));
    assert.equal(sent.filter((line) => /\/billing .*attempt [123] .*answers 503/.test(line)).length, 3);
    assert.ok(lines.some((line) => /retry\s+sms\.received/.test(line)));
    assert.equal(lines.filter((line) => /webhook \d .* delivered/.test(line)).length, 7);
    assert.ok(
      lines.some((line) => /│ Hello from customer/.test(line)),
      'the message for Slack',
    );
    assert.match(demo.output(), /Acme's portal, for as long as the demo is up: http\S+\/portal\/enter\?token=\S+\s*$/);
    assert.ok(!/WARN|ERROR/.test(demo.output()), demo.output());
  });

  it('npm run demo -- --sources shows calls, messages, numbers and limits becoming events, and exits with 0', async () => {
    const demo = run('dev/demo', {}, ['--sources']);
    assert.equal(await demo.exit, 0, demo.output());
    const sent = demo
      .output()
      .split('\n')
      .filter((line) => /^\s+POST/.test(line));
    assert.ok(sent.every((line) => line.includes('signature ✓') && line.includes('answers 200')));
    assert.deepEqual(sent.map((line) => line.trim().split(/\s+/)[1]).sort(), [
      'call.answered',
      'call.completed',
      'call.dtmf',
      'call.dtmf',
      'call.initiated',
      'call.recording.completed',
      'phone_number.assigned',
      'sms.delivered',
      'sms.received',
      'sms.sent',
      'tenant.limit.reached',
      'tenant.limit.warning',
      'tenant.limit.warning',
    ]);
    assert.ok(!/WARN|ERROR/.test(demo.output()), demo.output());
  });

  it('npm run dev starts everything, keeps its data across a restart, and stops on SIGTERM', async () => {
    const env = { ...(await devPorts()), IRISX_DATA_DIR: await dataFolder() };
    const api = `http://localhost:${env.PORT}`;
    const first = run('dev/dev', env);
    await waitFor(() => first.output().includes('Ctrl-C'), { what: 'the stack to be up', timeoutMs: 60_000 });
    const key = (await readFile(path.join(env.IRISX_DATA_DIR, 'admin-key'), 'utf8')).trim();
    assert.ok(first.output().includes(key), 'the admin key is printed');
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
    const link = /http\S+\/portal\/enter\?token=\S+/.exec(first.output())?.[0];
    assert.ok(link, first.output());
    const entered = await fetch(link, { redirect: 'manual' });
    assert.equal(entered.headers.get('location'), '/portal/');
    const page = await (await fetch(`${api}/portal/`)).text();
    assert.match(page, /<script type="module"/, 'the portal is built');
    const made = await fetch(`${api}/v1/tenants`, { method: 'POST', headers, body: '{"name":"Acme"}' });
    assert.equal(made.status, 201);
    assert.equal((await fetch(`http://127.0.0.1:${env.TEMPORAL_UI_PORT}`)).status, 200);
    first.child.kill('SIGTERM');
    assert.equal(await first.exit, 0, first.output());
    const second = run('dev/dev', env);
    await waitFor(() => second.output().includes('Ctrl-C'), { what: 'the stack to be up again', timeoutMs: 60_000 });
    const { tenants } = (await (await fetch(`${api}/v1/tenants`, { headers })).json()) as {
      tenants: { name: string }[];
    };
    assert.deepEqual(
      tenants.map(({ name }) => name),
      ['Acme', 'Demo tenant'],
    );
  });

  it('npm run dev starts only the servers that the environment does not name', async () => {
    const database = await createTestDatabase();
    const env = {
      PORT: String(await findFreePort()),
      IRISX_DATA_DIR: await dataFolder(),
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS']!,
      TEMPORAL_TASK_QUEUE: `dev-${Date.now()}`,
    };
    const dev = run('dev/dev', env);
    await waitFor(() => dev.output().includes('Ctrl-C'), { what: 'the stack to be up', timeoutMs: 60_000 });
    assert.doesNotMatch(dev.output(), /✓ (Postgres|Temporal)/);
    dev.child.kill('SIGTERM');
    assert.equal(await dev.exit, 0);
    await database.drop();
  });

  it('npm run dev says which port is taken and which variable to set', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = String((taken.address() as AddressInfo).port);
    const dev = run('dev/dev', { ...(await devPorts()), TEMPORAL_UI_PORT: port, IRISX_DATA_DIR: await dataFolder() });
    assert.equal(await dev.exit, 1);
    assert.match(dev.output(), new RegExp(`Port ${port}.* taken .*TEMPORAL_UI_PORT`));
    assert.doesNotMatch(dev.output(), /\n\s+at /, 'no stack trace');
    taken.close();
  });

  it('npm start reports everything that is wrong with the environment together', async () => {
    const start = run('server/service', { PORT: 'eighty' });
    assert.equal(await start.exit, 1);
    for (const name of ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'IRISX_ENCRYPTION_KEY', 'PORT'])
      assert.match(start.output(), new RegExp(name));
    assert.doesNotMatch(start.output(), /\n\s+at /, 'no stack trace');
  });

  it('npm start refuses to run while migrations are pending or functions differ from its own, and names them', async () => {
    const database = await createTestDatabase();
    await database.pool.query(`delete from migrations where name like '004%'`);
    await database.pool.query(`update migration_files set sha256 = 'another' where name = 'functions/take_attempt'`);
    const start = run('server/service', {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS']!,
      IRISX_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
      PORT: '0',
    });
    assert.equal(await start.exit, 1);
    assert.match(start.output(), /pending: 004_attempts, functions\/take_attempt\. .*npm run migrate/);
    await database.drop();
  });

  it('npm run migrate may run many times, even at the same time', async () => {
    const database = await createTestDatabase();
    await database.pool.query('drop schema public cascade; create schema public');
    const all = [1, 2, 3].map(() => run('server/migrate', { DATABASE_URL: database.url }));
    for (const each of all) assert.equal(await each.exit, 0, each.output());
    const { rows } = await database.pool.query<{ count: string }>('select count(*) from migrations');
    assert.ok(Number(rows[0]!.count) >= 4);
    await database.drop();
  });
});
