import assert from 'node:assert/strict';
import { startChildService, type ChildService } from '../support/child-service.js';
import { readiness } from '../support/readiness.js';
import { scenario } from '../support/scenario.js';
import { startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

describe('a process that starts while Postgres is away', function () {
  this.timeout(180_000);
  let stack: Stack;
  const children: ChildService[] = [];
  const proxies: TcpProxy[] = [];
  before(async () => void (stack = await startStack({ parts: { api: false, worker: false } })));
  after(async () => {
    await Promise.all(children.map((child) => child.end()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await stack.close();
  });

  async function start(name: 'service' | 'api' | 'worker') {
    const proxy = await startTcpProxy(Number(new URL(stack.database.url).port));
    proxies.push(proxy);
    await proxy.cut();
    const config = { ...stack.config, databaseUrl: throughProxy(stack.database.url, proxy) };
    const child = await startChildService(name, config, { waitUntilReady: false });
    children.push(child);
    await waitFor(() => child.lines.some(({ msg }) => msg.startsWith('postgres.away')), { what: 'postgres.away' });
    return { proxy, child };
  }

  scenario('waits for it, then starts', async () => {
    const { proxy, child } = await start('service');
    await proxy.restore();
    const { url } = await child.waitForLine('api.listening');
    await child.waitForLine('worker.ready');
    assert.equal((await readiness(url as string)).status, 'ready');
  });

  scenario('exits with 0 on SIGTERM while it waits', async () => {
    const { child } = await start('api');
    child.kill('SIGTERM');
    const { code, signal } = await child.exited;
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
  });

  scenario('exits with 1 after a minute, with one clear log line', async () => {
    const { child } = await start('worker');
    const { code, signal } = await child.exited;
    assert.deepEqual({ code, signal }, { code: 1, signal: null });
    const fatal = child.lines.filter(({ level }) => level === 'fatal');
    assert.equal(fatal.length, 1);
    assert.match(fatal[0]!.msg, /^process\.failed: Postgres does not answer; check DATABASE_URL/);
    assert.equal(fatal[0]!['error'], undefined);
  });
});
