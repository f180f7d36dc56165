import assert from 'node:assert/strict';
import { createSecureServer } from 'node:http2';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Poster } from '../../../src/delivery/post.js';
import { makeCertificate, type Certificate } from '../../support/certificates.js';
import { createTestPoster, postTo, summary } from '../../support/poster.js';
import { startReceiver } from '../../support/receiver.js';

describe('post, over TLS', () => {
  let root: Certificate;
  let intermediate: Certificate;
  let good: Certificate;
  let poster: Poster;
  before(async () => {
    root = await makeCertificate('Test Root', { isAuthority: true });
    intermediate = await makeCertificate('Test Intermediate', { isAuthority: true, issuer: root });
    good = await makeCertificate('receiver.test', { issuer: root });
    poster = createTestPoster({ ca: [root.cert], resolve: () => Promise.resolve(['127.0.0.1']) });
  });
  after(() => poster.close());

  /** The outcome with a receiver with these options, and how many requests reached it. */
  async function outcomeWith(tls: ServerOptions, host = 'receiver.test'): Promise<[outcome: string, requests: number]> {
    const receiver = await startReceiver(200, { tls });
    const outcome = summary(await postTo(poster, `https://${host}:${receiver.port}/`));
    await receiver.close();
    return [outcome, receiver.requests.length];
  }

  it('delivers to a name, a name with a full stop, an address, and one with an intermediate certificate', async () => {
    for (const host of ['receiver.test', 'receiver.test.', '127.0.0.1']) {
      assert.deepEqual(await outcomeWith(good, host), ['accepted 200', 1], host);
    }
    const leaf = await makeCertificate('receiver.test', { issuer: intermediate });
    assert.deepEqual(await outcomeWith({ ...leaf, cert: `${leaf.cert}\n${intermediate.cert}` }), ['accepted 200', 1]);
  });

  it('field case 22: reports a self-signed certificate', async () => {
    const certificate = await makeCertificate('receiver.test');
    assert.deepEqual(await outcomeWith(certificate), ['tls: self-signed certificate', 0]);
  });

  it('field case 22: reports an expired certificate, and one that is not valid yet', async () => {
    const [past, before, later, future] = [2001, 2002, 2098, 2099].map((year) => new Date(Date.UTC(year, 0)));
    const expired = await makeCertificate('receiver.test', { issuer: root, validFrom: past, validTo: before });
    assert.deepEqual(await outcomeWith(expired), ['tls: certificate expired', 0]);
    const early = await makeCertificate('receiver.test', { issuer: root, validFrom: later, validTo: future });
    assert.deepEqual(await outcomeWith(early), ['tls: certificate not valid yet', 0]);
  });

  it('field case 22: reports a certificate for another name or address', async () => {
    const message = 'tls: host name mismatch: the certificate is for another name';
    const certificate = await makeCertificate('other.test', { issuer: root, names: ['other.test', '127.0.0.2'] });
    assert.deepEqual(await outcomeWith(certificate), [message, 0]);
    assert.deepEqual(await outcomeWith(certificate, '127.0.0.1'), [message, 0]);
  });

  it('field case 22: reports a chain without the intermediate certificate', async () => {
    const leaf = await makeCertificate('receiver.test', { issuer: intermediate });
    const message = 'tls: incomplete certificate chain, or an authority that is not trusted';
    assert.deepEqual(await outcomeWith(leaf), [message, 0]);
  });

  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    it(`field case 22: reports a receiver that speaks only ${version}`, async () => {
      const tls = { ...good, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
      const message = 'tls: unsupported protocol version: TLS 1.2 or 1.3 is needed';
      assert.deepEqual(await outcomeWith(tls), [message, 0]);
    });
  }

  it('field case 22: delivers to a receiver that speaks only TLS 1.2', async () => {
    assert.deepEqual(await outcomeWith({ ...good, maxVersion: 'TLSv1.2' }), ['accepted 200', 1]);
  });

  it('field case 22: reports a receiver that speaks only HTTP/2', async () => {
    const server = createSecureServer(good);
    let requests = 0;
    server.on('stream', () => requests++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = summary(await postTo(poster, `https://receiver.test:${port}/`));
    assert.equal(outcome, 'tls: the receiver speaks only HTTP/2; HTTP/1.1 is needed');
    assert.equal(requests, 0);
    server.close();
  });

  it('reports a receiver that requires a client certificate, and one that speaks no TLS', async () => {
    const tls = { ...good, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' } as const;
    const message = 'tls: TLS handshake refused: no cipher in common, or a client certificate is required';
    assert.deepEqual(await outcomeWith(tls), [message, 0]);
    const plain = await startReceiver();
    const outcome = summary(await postTo(poster, `https://receiver.test:${plain.port}/`));
    assert.equal(outcome, 'tls: the receiver does not speak TLS on this port');
    await plain.close();
  });

  it('field case 22: has no switch that accepts any certificate', async () => {
    const certificate = await makeCertificate('receiver.test');
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      assert.deepEqual(await outcomeWith(certificate), ['tls: self-signed certificate', 0]);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  it('reuses a connection, and reports a request on one that the receiver was closing', async () => {
    const receiver = await startReceiver(200, { tls: good });
    const url = `https://receiver.test:${receiver.port}/`;
    for (let i = 0; i < 3; i++) assert.equal(summary(await postTo(poster, url)), 'accepted 200');
    assert.equal(receiver.connections, 1);
    receiver.respond = (_, response, index) => (index === 3 ? void response.socket?.destroy() : 200);
    const { outcome } = await postTo(poster, url);
    assert.match(summary({ outcome }), /^connection: .* kept open from an earlier request$/);
    assert.ok(outcome.kind === 'unreachable' && outcome.onReusedConnection);
    assert.equal(receiver.requests.length, 4);
    assert.equal(summary(await postTo(poster, url)), 'accepted 200');
    assert.equal(receiver.requests.length, 5);
    assert.equal(receiver.connections, 2);
    await receiver.close();
  });
});
