import assert from 'node:assert/strict';
import { createResolve, type Resolve } from '../../../src/delivery/resolve.js';
import { startNameServer, type NameAnswer, type NameServer } from '../../support/name-server.js';
import { waitFor } from '../../support/wait-for.js';

const nxdomain = 3;
const servfail = 2;
const code = (expected: string) => (error: { code?: string }) => error.code === expected;

describe('resolve', () => {
  let server: NameServer;
  let names: Record<string, { A?: NameAnswer; AAAA?: NameAnswer }>;
  const { signal } = new AbortController();
  beforeEach(async () => {
    names = {};
    server = await startNameServer((name, type) => (name in names ? names[name]?.[type] : nxdomain));
  });
  afterEach(() => server.close());
  const resolveWith = (lookup: (hostname: string) => Promise<string[]>): Resolve =>
    createResolve({ servers: [server.address], lookup });
  const unknown = (hostname: string): Promise<string[]> =>
    Promise.reject(Object.assign(new Error(hostname), { code: 'ENOTFOUND' }));

  it('returns the addresses of both families, with one query each', async () => {
    names = { 'both.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] } };
    const found = await resolveWith(unknown)('both.test', signal);
    assert.deepEqual(found.sort(), ['192.0.2.1', '192.0.2.2', '2001:db8::1']);
    assert.deepEqual([...server.questions].sort(), ['A both.test', 'AAAA both.test']);
  });

  it('returns those of one family when the other has none, fails, or gets no answer', async () => {
    names = {
      'four.test': { A: ['192.0.2.1'], AAAA: [] },
      'six.test': { A: servfail, AAAA: ['2001:db8::1'] },
      'silent.test': { A: ['192.0.2.2'], AAAA: undefined },
    };
    const resolve = resolveWith(unknown);
    assert.deepEqual(await resolve('four.test', signal), ['192.0.2.1']);
    assert.deepEqual(await resolve('six.test', signal), ['2001:db8::1']);
    const startMs = performance.now();
    assert.deepEqual(await resolve('silent.test', signal), ['192.0.2.2']);
    assert.ok(performance.now() - startMs < 6_000, 'waited for the silent family');
  });

  it('asks the system only for names that DNS does not know', async () => {
    names = { 'empty.test': { A: [], AAAA: [] }, 'broken.test': { A: servfail, AAAA: servfail } };
    const queried: string[] = [];
    const resolve = resolveWith((hostname) => {
      queried.push(hostname);
      return hostname === 'hosts-file.test' ? Promise.resolve(['192.0.2.3']) : unknown(hostname);
    });
    assert.deepEqual(await resolve('hosts-file.test', signal), ['192.0.2.3']);
    await assert.rejects(resolve('nowhere.test', signal), code('ENOTFOUND'));
    await assert.rejects(resolve('empty.test', signal), code('ENOTFOUND'));
    await assert.rejects(resolve('broken.test', signal), code('ESERVFAIL'));
    assert.deepEqual(queried, ['hosts-file.test', 'nowhere.test', 'empty.test']);
  });

  it('does not find a name that only the system knows if its address is not allowed', async () => {
    const resolve = createResolve({
      servers: [server.address],
      lookup: (hostname) =>
        hostname.startsWith('nowhere') ? unknown(hostname) : Promise.resolve(['192.0.2.3', hostname.split('_')[1]!]),
      isAllowed: (ip) => ip.startsWith('192.0.2.'),
    });
    assert.deepEqual(await resolve('hosts-file.test_192.0.2.4', signal), ['192.0.2.3', '192.0.2.4']);
    for (const hostname of ['hosts-file.test_10.0.0.1', 'nowhere.test']) {
      await assert.rejects(resolve(hostname, signal), code('ENOTFOUND'), hostname);
    }
  });

  it('does not ask the system if private names must stay hidden, unless there is no name server', async () => {
    names = { 'empty.test': { A: [], AAAA: [] } };
    const queried: string[] = [];
    const lookup = (hostname: string): Promise<string[]> => {
      queried.push(hostname);
      return Promise.resolve(['192.0.2.3']);
    };
    const resolve = createResolve({ servers: [server.address], lookup, knowsPrivateNames: false });
    await assert.rejects(resolve('nowhere.test', signal), code('ENOTFOUND'));
    await assert.rejects(resolve('empty.test', signal), code('ENODATA'));
    assert.deepEqual(queried, []);
    const closed = await startNameServer(() => nxdomain);
    closed.close();
    const alone = createResolve({ servers: [closed.address], lookup, knowsPrivateNames: false });
    assert.deepEqual(await alone('hooks.test', signal), ['192.0.2.3']);
  });

  it('is not delayed by names whose lookup hangs, in DNS or in the system', async () => {
    names = { 'fast.test': { A: ['192.0.2.1'], AAAA: [] }, 'slow.test': {} };
    const controllers = Array.from({ length: 20 }, () => new AbortController());
    let hanging = 0;
    const resolve = resolveWith(() => {
      hanging++;
      return new Promise(() => {});
    });
    const slow = controllers.map((controller, i) => resolve(i % 2 ? 'slow.test' : 'nowhere.test', controller.signal));
    void Promise.allSettled(slow);
    await waitFor(() => hanging === 2, { what: 'two lookups of the system to hang' });
    assert.deepEqual(await resolve('fast.test', signal), ['192.0.2.1']);
    assert.equal(hanging, 2, 'the others still hang');
    for (const controller of controllers) controller.abort();
  });

  it('rejects when aborted', async () => {
    names = { 'slow.test': {} };
    const controller = new AbortController();
    const lookup = resolveWith(unknown)('slow.test', controller.signal);
    await waitFor(() => server.questions.length > 0, { what: 'the question' });
    controller.abort(new Error('time is up'));
    await assert.rejects(lookup, /time is up/);
  });

  it('resolves by default what the system resolves', async () => {
    const found = await createResolve()('localhost', AbortSignal.timeout(10_000));
    assert.ok(found.includes('127.0.0.1') || found.includes('::1'), found.join());
  });
});
