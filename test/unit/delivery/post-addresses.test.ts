import assert from 'node:assert/strict';
import { createAddressGuard, type AddressGuard } from '../../../src/delivery/address.js';
import { createPoster, type Poster, type PosterOptions } from '../../../src/delivery/post.js';
import { postTo, summary } from '../../support/poster.js';
import { startRawServer } from '../../support/raw-server.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';

const blocked = 'blocked_address: destination not allowed';

/** 127.0.0.2 and 127.0.0.3 stand for the public internet, and 127.0.0.1 for our own network. */
const guard = createAddressGuard(['127.0.0.2/31']);

const failing = (code: string) => () =>
  Promise.reject(Object.assign(new Error(`queryA ${code} hidden.test`), { code }));

describe('post, looking up the name', () => {
  let lookups: string[];
  let answers: string[][];
  let poster: Poster;
  let inside: Receiver;
  let outside: Receiver;
  const posters: Poster[] = [];

  function posterWith(options: Partial<PosterOptions>): Poster {
    const made = createPoster({ guard, allowHttp: true, ...options });
    posters.push(made);
    return made;
  }

  beforeEach(async () => {
    lookups = [];
    answers = [];
    poster = posterWith({
      resolve: (hostname) => {
        lookups.push(hostname);
        return Promise.resolve((answers.length > 1 ? answers.shift() : answers[0]) ?? []);
      },
    });
    inside = await startReceiver(200, { host: '127.0.0.1' });
    // Both use the same port, so only the address differs, as when a DNS answer changes.
    outside = await startReceiver(200, { host: '127.0.0.2', port: inside.port });
  });
  afterEach(async () => {
    for (const made of posters.splice(0)) await made.close();
    await inside.close();
    await outside.close();
  });
  const send = async (host = 'rebind.test'): Promise<string> =>
    summary(await postTo(poster, `http://${host}:${inside.port}/h`, { timeoutMs: 5000 }));

  it('field case 1: connects to the address that was checked, with one lookup per attempt', async () => {
    answers = [['127.0.0.2'], ['127.0.0.1']];
    assert.equal(await send(), 'accepted 200');
    assert.deepEqual(lookups, ['rebind.test']);
    assert.equal(outside.requests[0]?.headers.host, `rebind.test:${inside.port}`);
    assert.equal(inside.connections, 0);
  });

  it('field case 1: blocks a name that changed to an internal address, even with a connection to the old one open', async () => {
    outside.respond = 500;
    answers = [['127.0.0.2'], ['127.0.0.1']];
    assert.equal(await send(), 'rejected 500');
    assert.equal(outside.openSockets.size, 1);
    for (let i = 0; i < 3; i++) assert.equal(await send(), blocked);
    assert.equal(lookups.length, 4);
    assert.equal(outside.requests.length, 1);
    assert.equal(inside.connections, 0);
  });

  it('field case 1: blocks the attempt if any of the addresses is internal', async () => {
    for (const addresses of [
      ['127.0.0.1', '127.0.0.2'],
      ['127.0.0.2', '127.0.0.1'],
      ['127.0.0.2', '::1'],
      ['127.0.0.2', '::ffff:127.0.0.1'],
      ['127.0.0.2', 'nonsense'],
    ]) {
      answers = [addresses];
      assert.equal(await send(), blocked, addresses.join());
    }
    assert.equal(inside.connections + outside.connections, 0);
  });

  it('reuses a connection only while the name still has its address', async () => {
    const other = await startReceiver(200, { host: '127.0.0.3', port: inside.port });
    answers = [['127.0.0.2'], ['127.0.0.3', '127.0.0.2'], ['127.0.0.3'], ['127.0.0.2']];
    for (let i = 0; i < 4; i++) assert.equal(await send(), 'accepted 200');
    assert.deepEqual([outside.requests.length, other.requests.length], [3, 1]);
    assert.deepEqual([outside.connections, other.connections], [1, 1]);
    await other.close();
  });

  it('does not reuse a connection for another name', async () => {
    answers = [['127.0.0.2']];
    assert.equal(await send('a.test'), 'accepted 200');
    assert.equal(await send('b.test'), 'accepted 200');
    assert.equal(outside.connections, 2);
  });

  it('field case 3: blocks a public name for an internal address', async () => {
    answers = [['127.0.0.1']];
    assert.equal(await send('127.0.0.1.nip.io'), blocked);
    assert.equal(inside.connections, 0);
  });

  it('field case 3: blocks a literal address without a lookup, whatever its spelling', async () => {
    for (const host of [
      '127.0.0.1',
      '2130706433',
      '0x7f.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:2]',
      'localhost',
      'a.localhost',
    ]) {
      const expected = host === '[::ffff:7f00:2]' ? 'accepted 200' : blocked;
      assert.equal(await send(host), expected, host);
    }
    assert.deepEqual(lookups, []);
    assert.equal(inside.connections, 0);
  });

  it('uses an allowed loopback address for localhost, without a lookup', async () => {
    const local = posterWith({ guard: createAddressGuard(['127.0.0.0/8']), resolve: failing('ENOTFOUND') });
    assert.equal(summary(await postTo(local, `http://localhost:${inside.port}/`)), 'accepted 200');
    assert.equal(summary(await postTo(local, `http://tenant.localhost:${inside.port}/`)), 'accepted 200');
  });

  it('field case 6: has the same immediate outcome for an open port, a closed port and one that drops packets', async () => {
    const closed = await startRawServer(() => {});
    await closed.close();
    const timeoutMs = 10_000;
    const urls = [inside.url, closed.url, 'http://10.255.255.1:81/', 'http://169.254.169.254/latest/meta-data/'];
    for (const url of urls) {
      const { outcome, durationMs } = await postTo(poster, url, { timeoutMs });
      assert.deepEqual(outcome, {
        kind: 'unreachable',
        errorClass: 'blocked_address',
        message: 'destination not allowed',
        onReusedConnection: false,
      });
      assert.ok(durationMs < timeoutMs - 500, `${url} took ${durationMs} ms`);
    }
    answers = [['127.0.0.1']];
    assert.equal(await send('with-a-name.test'), blocked);
    assert.equal(inside.connections, 0);
  });

  it('blocks names of private networks without a lookup, whether they exist or not', async () => {
    const names = ['postgres', 'postgres.', 'db.internal', 'DB.Internal', 'printer.local', 'a.svc.cluster.local'];
    const more = ['api.default.svc', 'nas.lan', 'router.home.arpa', '1.0.0.10.in-addr.arpa', 'x.corp', 'y.localdomain'];
    for (const response of [['127.0.0.1'], ['127.0.0.2'], []]) {
      answers = [response];
      const closed = posterWith({
        guard: createAddressGuard([]),
        resolve: (hostname) => Promise.resolve(void lookups.push(hostname)).then(() => response),
      });
      for (const host of [...names, ...more]) {
        assert.equal(summary(await postTo(closed, `http://${host}/`)), blocked, host);
      }
    }
    assert.deepEqual(lookups, []);
  });

  it('does not reveal which private names exist, even if some network is allowed', async () => {
    const known: Record<string, string[]> = { 'crm.internal': ['127.0.0.2'], postgres: ['127.0.0.1'], empty: [] };
    const open = posterWith({
      resolve: async (hostname) => known[hostname] ?? failing(hostname === 'nodata' ? 'ENODATA' : 'ENOTFOUND')(),
    });
    const outcomeOf = async (host: string) => (await postTo(open, `http://${host}:${inside.port}/`)).outcome;
    assert.equal(summary({ outcome: await outcomeOf('crm.internal') }), 'accepted 200');
    const unknown = await outcomeOf('nowhere.internal');
    assert.equal(summary({ outcome: unknown }), 'dns: host name not found');
    for (const host of ['postgres', 'empty', 'nodata']) assert.deepEqual(await outcomeOf(host), unknown, host);
    assert.equal(inside.connections, 0);
  });

  it('checks at most 64 addresses of a name, and connects to no other', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    answers = [['127.0.0.2', ...Array<string>(100).fill('127.0.0.2'), ...many.slice(0, 62)]];
    assert.equal(await send(), blocked);
    let checked = 0;
    const counting: AddressGuard = { ...guard, isAllowed: (ip) => ++checked > 0 && !ip.startsWith('10.1.') };
    const poster64 = posterWith({
      guard: counting,
      resolve: () => Promise.resolve(['127.0.0.2', ...many.map((ip) => ip.replace(/^10\.0\./, '10.2.'))]),
    });
    assert.equal(summary(await postTo(poster64, `http://many.test:${inside.port}/`)), 'accepted 200');
    assert.equal(checked, 64);
  });

  it('blocks http before anything else where it is not allowed, and says what to do', async () => {
    const strict = posterWith({ allowHttp: false, resolve: (name) => Promise.resolve([`${lookups.push(name)}`]) });
    for (const url of [outside.url, inside.url, 'http://hooks.test/']) {
      assert.deepEqual((await postTo(strict, url)).outcome, {
        kind: 'unreachable',
        errorClass: 'blocked_address',
        message: 'plain http is not allowed; change the url of the webhook to https',
        onReusedConnection: false,
      });
    }
    assert.equal(summary(await postTo(strict, outside.url.replace('http:', 'https:'))).split(':')[0], 'tls');
    assert.deepEqual([lookups, inside.connections, outside.requests.length], [[], 0, 0]);
  });

  it('tries the next address when one refuses or does not answer', async () => {
    answers = [['127.0.0.3', '127.0.0.2']];
    assert.equal(await send(), 'accepted 200');
    const lenient = posterWith({
      guard: createAddressGuard(['127.0.0.2/32', '192.0.2.0/24', '2001:db8::/32']),
      resolve: () => Promise.resolve(['192.0.2.1', '2001:db8::1', '127.0.0.2']),
    });
    assert.equal(summary(await postTo(lenient, `http://three.test:${inside.port}/`)), 'accepted 200');
  });

  it('reports one refusal if all addresses refuse', async () => {
    answers = [['127.0.0.3', '127.0.0.3']];
    assert.equal(await send(), 'connection: connection refused');
  });

  it('field case 13: distinguishes a name that is not found from a failed lookup', async () => {
    const cases: [code: string, message: string][] = [
      ['ENOTFOUND', 'dns: host name not found'],
      ['ENODATA', 'dns: host name has no address'],
      ['EAI_AGAIN', 'dns: name lookup failed temporarily'],
      ['ESERVFAIL', 'dns: name lookup failed (ESERVFAIL)'],
      ['ETIMEOUT', 'dns: name lookup failed (ETIMEOUT)'],
      // Here the name server refuses, not the receiver.
      ['ECONNREFUSED', 'dns: name lookup failed (ECONNREFUSED)'],
    ];
    for (const [code, message] of cases) {
      assert.equal(summary(await postTo(posterWith({ resolve: failing(code) }), 'http://hidden.test/')), message);
    }
    assert.equal(await send('nothing.test'), 'dns: host name has no address');
  });

  it('field case 13: delivers once the name resolves', async () => {
    let calls = 0;
    const flaky = posterWith({
      resolve: () => (++calls < 3 ? failing('ENOTFOUND')() : Promise.resolve(['127.0.0.2'])),
    });
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push(summary(await postTo(flaky, `http://late.test:${inside.port}/`)));
    assert.deepEqual(outcomes, ['dns: host name not found', 'dns: host name not found', 'accepted 200']);
  });

  it('looks up real names by default', async () => {
    const real = posterWith({});
    const outcome = summary(await postTo(real, 'http://no-such-name.invalid/', { timeoutMs: 8000 }));
    assert.match(outcome, /^(dns|timeout): /);
  });
});
