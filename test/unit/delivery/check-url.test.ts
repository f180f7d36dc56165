import assert from 'node:assert/strict';
import { createAddressGuard } from '../../../src/delivery/address.js';

const guard = createAddressGuard([]);
const loopbackGuard = createAddressGuard(['127.0.0.0/8']);

function reason(url: string, allowHttp = true): string {
  const checked = guard.checkUrl(url, { allowHttp });
  assert.equal(checked.ok, false, `${url} was let through`);
  return checked.ok ? '' : checked.reason;
}

describe('checkUrl', () => {
  // Plain http is allowed here, so none of these is refused only because of its scheme.
  const internal: [url: string, shown: string][] = [
    ['http://2130706433/', '127.0.0.1'],
    ['http://017700000001/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://0251.254.169.254/', '169.254.169.254'],
    ['http://169.254.43518/', '169.254.169.254'],
    ['http://0/', '0.0.0.0'],
    ['http://0.1.2.3/', '0.1.2.3'],
    ['http://100.100.100.200/', '100.100.100.200'],
    ['http://198.18.0.1/', '198.18.0.1'],
    ['http://224.0.0.1/', '224.0.0.1'],
    ['http://255.255.255.255/', '255.255.255.255'],
    ['https://127.0.0.1./', '127.0.0.1'],
    ['https://１２７.0.0.1/', '127.0.0.1'],
    ['https://%31%32%37.0.0.1/', '127.0.0.1'],
    ['https://127。0。0。1/', '127.0.0.1'],
    ['https://[::1]/', '::1'],
    ['https://[::]/', '::'],
    ['https://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['https://[::127.0.0.1]/', '::7f00:1'],
    ['https://[64:ff9b::169.254.169.254]/', '64:ff9b::a9fe:a9fe'],
    ['https://[fd00:ec2::254]/', 'fd00:ec2::254'],
  ];
  for (const [url, shown] of internal) {
    it(`field case 3: refuses ${url}`, () => {
      assert.ok(reason(url).includes(`must not point to ${shown},`), reason(url));
    });
  }

  it('field case 3: refuses a user name or password, and never repeats it', () => {
    const urls = [
      'http://hooks.example.test@127.0.0.1/',
      'http://user:s3cret@hooks.example.test/',
      'https://:s3cret@hooks.example.test/',
      'https://@hooks.example.test/',
      'https://s3cret%40x@hooks.example.test:99999/',
    ];
    for (const url of urls) {
      assert.match(reason(url), /user name or password; send credentials in a custom header/);
      assert.ok(!reason(url).includes('s3cret'));
    }
    for (const url of ['ftp://user:s3cret@h/', 'http:user:s3cret@h/', 'https://user:s3cret@h\\x/']) {
      assert.ok(!reason(url).includes('s3cret'), reason(url));
    }
  });

  it('field case 3: refuses a backslash, white space and control characters, and names them', () => {
    assert.match(reason('http://hooks.example.test\\@127.0.0.1/'), /a backslash at position 26/);
    assert.match(reason('https://hooks.example.test/a\tb'), /U\+0009 at position 29/);
    assert.match(reason('https://hooks.exam\nple.test/'), /U\+000A at position 19/);
    assert.match(reason('https://hooks.example.test/a b'), /a space at position 29/);
    assert.match(reason(' https://hooks.example.test/'), /a space at position 1/);
    assert.match(reason('https://hooks.example.test/\0'), /U\+0000/);
    assert.match(reason('https://hooks.example.test/\x7f'), /U\+007F/);
    assert.match(reason('https://hooks.example.test/\u2028'), /U\+2028/);
    assert.match(reason('https://hooks.example.test/\ud800'), /U\+D800/);
  });

  it('field case 3: refuses other schemes and a missing "//"', () => {
    for (const url of [
      'ftp://',
      'ftp://hooks.example.test/',
      'javascript:alert(1)',
      'file:///etc/hosts',
      'wss://h.test/',
      'data:,x',
    ]) {
      assert.match(reason(url), /must start with https:\/\/ or http:\/\/, not with/, url);
    }
    for (const url of ['', 'hooks.example.test', '//hooks.example.test/x', '/x']) {
      assert.match(reason(url), /must start with https:\/\/ or http:\/\/$/, url);
    }
    for (const url of [
      'http:hooks.example.test/x',
      'https:/hooks.example.test/x',
      'https:///hooks.example.test/x',
      'https://',
      'https://?x',
      'https:',
    ]) {
      assert.match(reason(url), /must have "\/\/" and a host after "https?:"/, url);
    }
  });

  it('accepts http only where it is allowed', () => {
    assert.match(reason('http://hooks.example.test/', false), /must start with https:\/\/, not with "http:"/);
    const url = 'http://hooks.example.test/';
    assert.deepEqual(guard.checkUrl(url, { allowHttp: true }), { ok: true, url });
  });

  it('refuses names of the local machine unless loopback is allowed', () => {
    const names = ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'a.b.localhost.'];
    for (const name of names) {
      assert.match(reason(`https://${name}/`), /must not point to this machine/, name);
      assert.equal(loopbackGuard.checkUrl(`https://${name}/`, { allowHttp: false }).ok, true, name);
    }
    assert.equal(guard.checkUrl('https://notlocalhost/', { allowHttp: false }).ok, true);
    assert.equal(loopbackGuard.checkUrl('http://127.0.0.1:3000/x', { allowHttp: true }).ok, true);
    assert.equal(createAddressGuard(['::1/128']).checkUrl('http://[::1]:3000/x', { allowHttp: true }).ok, true);
  });

  it('refuses a fragment, port 0, an invalid host, and more than 2048 characters', () => {
    assert.match(reason('https://hooks.example.test/#part'), /fragment/);
    assert.match(reason('https://hooks.example.test/#'), /fragment/);
    assert.match(reason('https://hooks.example.test:0/'), /port 0/);
    assert.match(reason('https://hooks.example.test:99999/'), /no valid host or port: "hooks.example.test:99999"/);
    assert.match(reason('https://1.2.3.4.5/'), /no valid host or port/);
    assert.match(reason('https://[::g]/'), /no valid host or port/);
    const url = (length: number): string => 'https://hooks.example.test/'.padEnd(length, 'a');
    assert.equal(guard.checkUrl(url(2048), { allowHttp: false }).ok, true);
    assert.match(reason(url(2049)), /has 2049 characters; at most 2048/);
    assert.match(reason('https://hooks.example.test/'.padEnd(2000, 'é')), /once encoded; at most 2048/);
  });

  it('returns accepted urls in the parser’s normalised form', () => {
    const forms: [text: string, url: string][] = [
      ['HTTPS://Hooks.Example.TEST:443/a/../h/ü?x=é', 'https://hooks.example.test/h/%C3%BC?x=%C3%A9'],
      ['https://bücher.example.test', 'https://xn--bcher-kva.example.test/'],
      ['https://127.0.0.1.nip.io/', 'https://127.0.0.1.nip.io/'],
      ['https://0x08.8.8.8:8443/', 'https://8.8.8.8:8443/'],
      ['https://hooks.example.test/?to=a@b.test', 'https://hooks.example.test/?to=a@b.test'],
    ];
    for (const [text, url] of forms) assert.deepEqual(guard.checkUrl(text, { allowHttp: false }), { ok: true, url });
  });
});
