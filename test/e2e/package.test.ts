import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findFreePort } from '../../src/dev/embedded/ports.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** The tarball of `npm pack`, installed as by `npm ci --omit=dev`: next to it are only its dependencies. */
describe('the package', function () {
  this.timeout(300_000);
  let folder: string;
  let installed: string;
  let dependencies: string[];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-package-'));
    const checkout = path.join(folder, 'checkout');
    const copied = [
      'src',
      'workflows',
      'activities',
      'portal',
      'migrations',
      'scripts',
      'package.json',
      'tsconfig.json',
    ];
    for (const name of copied) await cp(path.join(root, name), path.join(checkout, name), { recursive: true });
    // `npm run typecheck` checks the types of the same files, which takes a third of the build's time.
    const build = JSON.parse(await readFile(path.join(root, 'tsconfig.build.json'), 'utf8')) as {
      compilerOptions: object;
    };
    build.compilerOptions = { ...build.compilerOptions, noCheck: true };
    await writeFile(path.join(checkout, 'tsconfig.build.json'), JSON.stringify(build));
    await symlink(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'));
    await assert.rejects(run('npm', ['start', '--silent'], { cwd: checkout }), /npm run build/, 'without dist');
    // The prepack script builds first.
    await run('npm', ['pack', '--offline', '--pack-destination', folder], { cwd: checkout });
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))!;
    installed = path.join(folder, 'service', 'node_modules', 'irisx-webhooks');
    await mkdir(installed, { recursive: true });
    await run('tar', ['xzf', path.join(folder, tarball), '-C', installed, '--strip-components=1']);
    const manifest = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    dependencies = Object.keys(manifest.dependencies);
    for (const name of dependencies) {
      const link = path.join(folder, 'service', 'node_modules', name);
      await mkdir(path.dirname(link), { recursive: true });
      await symlink(path.join(root, 'node_modules', name), link);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('contains everything it needs at run time, and no source, test or development code', async () => {
    const files = await readdir(installed, { recursive: true });
    for (const file of [
      'dist/workflows/bundle.cjs',
      'dist/src/source/index.d.ts',
      'dist/portal/index.html',
      'migrations/001_tenants.sql',
    ])
      assert.ok(files.includes(file), file);
    assert.deepEqual(
      files.filter((file) => /^(?:src|portal|test|bench|docs)\/|dist\/(?:test|src\/dev)\/|(?<!\.d)\.ts$/.test(file)),
      [],
    );
  });

  it('imports only its dependencies; /source and /verify only Node, /client also its own library', async () => {
    const dist = path.join(installed, 'dist');
    const imported = async (file: string, form = /\b(?:from |import |import\()'([^'\s]+)'/g) => {
      const text = await readFile(path.join(dist, file), 'utf8');
      return [...text.matchAll(form)].map((match) => match[1]!);
    };
    // Static imports only: the source over Temporal is loaded dynamically when it is used.
    const staticImport = /\b(?:from |import )'([^'\s]+)'/g;
    const isNode = (name: string) => name.startsWith('node:') || builtinModules.includes(name);
    const packageOf = (name: string) => name.split('/', name.startsWith('@') ? 2 : 1).join('/');
    // The portal's scripts import only each other, and quote imports in what they explain.
    const files = (await readdir(dist, { recursive: true })).filter((file) => /^(?!portal\/).*\.js$/.test(file));
    assert.ok(files.length > 100);
    for (const file of files)
      for (const name of await imported(file))
        assert.ok(name.startsWith('.') || isNode(name) || dependencies.includes(packageOf(name)), `${file}: ${name}`);
    const follow = async (entries: string[], others: string[]) => {
      const seen = [...entries];
      for (const file of seen)
        for (const name of await imported(file, staticImport)) {
          const next = path.join(path.dirname(file), name);
          if (name.startsWith('.') && !seen.includes(next)) seen.push(next);
          assert.ok(name.startsWith('.') || isNode(name) || others.includes(name), `${file}: ${name}`);
        }
      return seen;
    };
    assert.ok((await follow(['src/source/index.js', 'src/verify/index.js'], [])).includes('src/source/post-event.js'));
    const client = await follow(['src/client/index.js'], ['openapi-fetch', 'eventsource-parser']);
    assert.ok(client.includes('src/client/follow.js'));
  });

  describe('in a service of the platform', () => {
    let stack: Stack;
    let receiver: Receiver;
    before(async () => {
      const platform = await readFile(path.join(root, 'test/fixtures/guide/platform-service.txt'), 'utf8');
      const sources = platform.replace('// SNIPPETS\n', (await snippetsOf('docs/event-sources.md')).join('\n'));
      await typeCheck({
        'service.mts': sources,
        'client.mts': clientSurroundings + (await snippetsOf('docs/client-and-cli.md')).join('\n'),
        'types.mts': "export type { VerifyResult } from 'irisx-webhooks/verify';\n",
      });
      stack = await startStack();
      receiver = await startReceiver();
    });
    after(async () => {
      await stack?.close();
      await receiver?.close();
    });

    async function snippetsOf(file: string): Promise<string[]> {
      const snippets = [...(await readFile(path.join(root, file), 'utf8')).matchAll(/^```ts\n(.*?)^```/gms)];
      assert.equal(snippets.length, 4);
      return snippets.map((match) => match[1]!);
    }

    /** Without the types of Node or of anything that is not a dependency. Declaration files are checked too. */
    async function typeCheck(sources: Record<string, string>): Promise<void> {
      const service = path.join(folder, 'service');
      for (const [file, text] of Object.entries(sources)) await writeFile(path.join(service, file), text);
      const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
      const compilerOptions = { strict: true, target: 'es2022', lib: ['es2022', 'dom'], module: 'nodenext', types: [] };
      const files = Object.keys(sources);
      await writeFile(path.join(service, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      await run(process.execPath, [compiler], { cwd: service }).catch((error: { stdout: string }) =>
        assert.fail(error.stdout),
      );
    }

    it('runs the code of docs/event-sources.md, and irisx-webhooks/verify accepts what arrives', async () => {
      const service = path.join(folder, 'service');
      const tenantId = await stack.insertTenant();
      await stack.database.pool.query(`update tenants set external_id = 'tenant-42' where id = $1`, [tenantId]);
      const { secret } = await stack.insertWebhook(tenantId, { url: receiver.url });
      const { stdout } = await run(process.execPath, ['service.mjs', stack.service.url!, stack.adminKey], {
        cwd: service,
      });
      assert.equal(stdout, 'done\n');
      const requests = await receiver.waitForRequests(11);
      assert.deepEqual(requests.map(({ headers }) => headers['x-irisx-event']).sort(), [
        'call.answered',
        'call.completed',
        'call.dtmf',
        'call.initiated',
        'call.recording.completed',
        'phone_number.assigned',
        'sms.delivered',
        'sms.received',
        'sms.sent',
        'tenant.limit.reached',
        'tenant.limit.warning',
      ]);

      await writeFile(path.join(service, 'verify.mjs'), verifier);
      const given = requests.map(({ headers, body }) => ({ headers, body: body.toString() }));
      await writeFile(path.join(service, 'requests.json'), JSON.stringify({ secret, requests: given }));
      const verified = await run(process.execPath, ['verify.mjs'], { cwd: service });
      assert.deepEqual(JSON.parse(verified.stdout), { valid: 11, forged: 0 });
    });

    it('runs the code of docs/client-and-cli.md, and has the command irisx', async () => {
      const service = path.join(folder, 'service');
      const tenantId = await stack.insertTenant();
      const api = { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json' };
      const created = await fetch(`${stack.service.url}/v1/tenants/${tenantId}/api-keys`, {
        method: 'POST',
        headers: api,
        body: JSON.stringify({ name: 'client', scopes: ['webhooks:read', 'webhooks:write'] }),
      });
      const { key } = (await created.json()) as { key: string };
      const client = run(process.execPath, ['client.mjs', stack.service.url!, key], { cwd: service });
      const webhook = await waitFor(
        async () => {
          const { rows } = await stack.database.pool.query<{ id: number }>(
            'select id from webhooks where tenant_id = $1',
            [tenantId],
          );
          return rows[0];
        },
        { what: 'the webhook of the page' },
      );
      const { bin } = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8')) as {
        bin: { irisx: string };
      };
      const environment = { PATH: process.env['PATH'], IRISX_API_URL: stack.service.url!, IRISX_API_KEY: key };
      const irisx = (...args: string[]) =>
        run(process.execPath, [path.join(installed, bin.irisx), ...args], { env: environment });
      // Until the client follows it.
      let followed: string | undefined;
      void client.then(({ stdout }) => (followed = stdout));
      await waitFor(
        async () => {
          await irisx('trigger', 'call.completed', '--webhook', String(webhook.id));
          return followed;
        },
        { what: 'a delivery at the client' },
      );
      assert.match((await client).stdout, /^[0-9a-f-]{36} call\.completed \{"event":"call\.completed"/);
      assert.match(
        (await irisx('webhooks')).stdout,
        new RegExp(`\n${webhook.id} +healthy .*https://example.com/hook\n$`),
      );
    });

    it('runs with npm start', async () => {
      const child = spawn('npm', ['start', '--silent'], {
        cwd: installed,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          DATABASE_URL: stack.config.databaseUrl,
          TEMPORAL_ADDRESS: stack.config.temporal.address,
          TEMPORAL_TASK_QUEUE: `package-${Date.now()}`,
          IRISX_ENCRYPTION_KEY: stack.config.encryptionKeys[0]!.key.toString('base64'),
          PORT: String(await findFreePort()),
          LOG_FORMAT: 'json',
        },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
      const exited = once(child, 'exit');
      try {
        await waitFor(
          () => {
            if (child.exitCode !== null) throw new Error(`npm start ended: ${output}`);
            return output.includes('api.listening') && output.includes('worker.ready');
          },
          { what: 'npm start to serve', timeoutMs: 60_000 },
        );
        const { url } = JSON.parse(output.split('\n').find((line) => line.includes('api.listening'))!) as {
          url: string;
        };
        assert.equal((await fetch(`${url}/readyz`)).status, 200);
      } finally {
        process.kill(-child.pid!, 'SIGTERM');
        await exited;
      }
    });
  });
});

const clientSurroundings = `
declare const process: { argv: string[] };
declare function setTimeout(run: () => void, ms: number): { unref(): void };
const [url, apiKey] = process.argv.slice(2) as [string, string];
`;

const verifier = `
import { readFileSync } from 'node:fs';
import { verifyWebhook } from 'irisx-webhooks/verify';
const { secret: secrets, requests } = JSON.parse(readFileSync('requests.json', 'utf8'));
const count = (change) =>
  requests.filter(({ headers, body }) => verifyWebhook({ rawBody: change(body), headers, secrets }).valid).length;
console.log(JSON.stringify({ valid: count((body) => body), forged: count((body) => body + ' ') }));
`;
