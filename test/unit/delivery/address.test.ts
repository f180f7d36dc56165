import assert from 'node:assert/strict';
import { createAddressGuard } from '../../../src/delivery/address.js';

const refused: Record<string, string[]> = {
  'this network': ['0.0.0.0', '0.1.2.3', '0.255.255.255'],
  'private use': ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  'shared address space': ['100.64.0.0', '100.100.100.200', '100.127.255.255'],
  loopback: ['127.0.0.1', '127.255.255.255'],
  'link-local': ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
  'protocol assignments': ['192.0.0.1', '192.0.0.192', '192.0.0.255'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.255'],
  '6to4 relay': ['192.88.99.1'],
  benchmarking: ['198.18.0.1', '198.19.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255'],
  'reserved and broadcast': ['240.0.0.1', '255.255.255.254', '255.255.255.255'],
  'AS112 and AMT': ['192.31.196.1', '192.175.48.1', '192.52.193.1'],
  'the host agent of a cloud': ['168.63.129.16', '::ffff:168.63.129.16'],
  'IPv6 unspecified and loopback': ['::', '::1', '0:0:0:0:0:0:0:1'],
  'IPv6 unique local': ['fc00::1', 'fd00:ec2::254', 'fdff:ffff::1'],
  'IPv6 link-local and site-local': ['fe80::1', 'febf::1', 'fec0::1'],
  'IPv6 multicast': ['ff00::', 'ff02::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  'IPv6 documentation': ['2001:db8::1', '2001:db8:ffff::1', '3fff::1', '3fff:fff::1'],
  'IPv6 discard and dummy': ['100::1', '100:0:0:1::1'],
  'IPv6 protocol assignments': [
    '2001::',
    '2001:1::1',
    '2001:2::1',
    '2001:3::1',
    '2001:10::1',
    '2001:20::1',
    '2001:1ff:ffff::1',
  ],
  'IPv6 AS112': ['2001:4:112::1', '2620:4f:8000::1'],
  'segment routing': ['5f00::1'],
  'what nobody has been given yet': ['4000::1', '8000::1', 'e000::1', '200::1'],
  'IPv4-mapped': ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::ffff:0.0.0.0'],
  'IPv4-translated': ['::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8'],
  'IPv4-compatible': ['::127.0.0.1', '::7f00:1', '::10.0.0.1', '::8.8.8.8'],
  NAT64: [
    '64:ff9b::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::10.1.2.3',
    '64:ff9b:0:0:0:1:808:808',
  ],
  'NAT64 of the local prefix': ['64:ff9b:1::127.0.0.1', '64:ff9b:1::8.8.8.8', '64:ff9b:1:ffff::1'],
  '6to4': ['2002:7f00:1::', '2002:a00:1::1', '2002:808:808::1'],
  Teredo: ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001::7f00:1'],
  'zone ids': ['fe80::1%eth0', '2606:4700:4700::1111%eth0', '::1%lo'],
  'what is no plain address': [
    '',
    'localhost',
    '127.1',
    '0x7f.1',
    '2130706433',
    '8.8.8.8:80',
    '[::1]',
    '8.8.8.8 ',
    '1.2.3',
    '08.8.8.8',
  ],
};

const allowed = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '126.255.255.255',
  '128.0.0.1',
  '172.15.255.255',
  '172.32.0.1',
  '192.0.1.1',
  '198.17.255.255',
  '198.20.0.1',
  '223.255.255.255',
  '2001:200::1',
  '2001:4860:4860::8888',
  '2606:4700:4700::1111',
  '2a00:1450::1',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
];

describe('address guard', () => {
  const guard = createAddressGuard([]);

  for (const [range, addresses] of Object.entries(refused)) {
    it(`refuses ${range}`, () => {
      for (const address of addresses) assert.equal(guard.isAllowed(address), false, address);
    });
  }

  it('allows globally routable unicast', () => {
    for (const address of allowed) assert.equal(guard.isAllowed(address), true, address);
  });

  it('allows a configured network, also in IPv4-mapped form, and nothing next to it', () => {
    const withLoopback = createAddressGuard(['127.0.0.0/8', '::1/128', '10.1.0.0/16', 'fd00:1::/32']);
    const inside = ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '10.1.255.1', 'fd00:1:2::3'];
    for (const address of inside) assert.equal(withLoopback.isAllowed(address), true, address);
    const beside = [
      '10.2.0.1',
      '::2',
      'fd00:2::1',
      '0.0.0.0',
      '64:ff9b::127.0.0.1',
      '2002:7f00:1::',
      '::127.0.0.1',
      '::1%lo',
    ];
    for (const address of beside) assert.equal(withLoopback.isAllowed(address), false, address);
  });

  it('accepts a single address, and a network in IPv4-mapped form', () => {
    const guarded = createAddressGuard(['10.0.0.7', '::ffff:192.168.1.0/120', 'fd00::7']);
    for (const address of ['10.0.0.7', '192.168.1.9', '::ffff:192.168.1.9', 'fd00::7']) {
      assert.equal(guarded.isAllowed(address), true, address);
    }
    for (const address of ['10.0.0.8', '192.168.2.1', 'fd00::8'])
      assert.equal(guarded.isAllowed(address), false, address);
  });

  it('names an entry that is not a network', () => {
    const wrong = [
      'localhost',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10/8',
      '::/129',
      '::ffff:1.2.3.4/64',
      '',
      '10.0.0.0/8/8',
      'fe80::1%lo/64',
      '0x7f.1/8',
    ];
    for (const entry of wrong) {
      assert.throws(
        () => createAddressGuard(['127.0.0.0/8', entry]),
        (error: Error) => error.message.includes(`"${entry}" is not a network`),
        entry,
      );
    }
  });
});
