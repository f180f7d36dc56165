import assert from 'node:assert/strict';
import { checkHeaders } from '../../../src/delivery/custom-headers.js';

describe('checkHeaders', () => {
  it('accepts ordinary headers', () => {
    assert.deepEqual(
      checkHeaders({
        Authorization: 'Bearer abc',
        'X-Tenant': 'a b\tc',
        cookie: 'a=b',
        'x-empty': '',
        "!#$%&'*+-.^_`|~9": 'x',
        'x-long': 'v'.repeat(1024),
      }),
      [],
    );
  });

  const reserved = [
    'Host',
    'content-length',
    'Content-Type',
    'content-encoding',
    'User-Agent',
    'Transfer-Encoding',
    'connection',
    'Keep-Alive',
    'proxy-connection',
    'proxy-authorization',
    'te',
    'traceparent',
    'Tracestate',
    'Trailer',
    'Upgrade',
    'Expect',
    'accept-encoding',
    'http2-settings',
    'X-IRISX-Anything',
    'x-irisx-signature',
    'webhook-id',
    'Webhook-Anything',
  ];
  for (const name of reserved) {
    it(`refuses ${name}, which the sender sets itself`, () => {
      const [error, ...others] = checkHeaders({ [name]: 'x' });
      assert.equal(error?.path, `headers.${name}`);
      assert.match(error?.message ?? '', /is set by the sender/);
      assert.deepEqual(others, []);
    });
  }

  it('refuses names that are not tokens', () => {
    for (const name of ['', 'a b', 'a:b', 'é', 'a\r\nb', 'a\0', '(x)', 'x/y', '"']) {
      assert.match(checkHeaders({ [name]: 'x' })[0]?.message ?? '', /is not a header name/, JSON.stringify(name));
    }
    assert.match(checkHeaders({ ['x'.repeat(257)]: 'x' })[0]?.message ?? '', /at most 256/);
  });

  it('field case 27: refuses values that cannot be sent, without repeating them', () => {
    for (const value of ['é', 'a\r\nX-Injected: 1', 'a\nb', '\0', 'a\x7f', '😀', '\x1f']) {
      const message = checkHeaders({ 'x-a': value })[0]?.message ?? '';
      assert.match(message, /not visible ASCII/, JSON.stringify(value));
      assert.ok(!message.includes(value));
    }
    assert.match(checkHeaders({ 'x-a': 'v'.repeat(1025) })[0]?.message ?? '', /1025 characters; at most 1024/);
    assert.match(
      checkHeaders({ 'x-a': 5 as unknown as string })[0]?.message ?? '',
      /expected text, but the value is number/,
    );
    assert.match(checkHeaders({ 'x-a': null as unknown as string })[0]?.message ?? '', /the value is null/);
  });

  it('refuses more than 20 headers, and the same name in two spellings', () => {
    const many = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, 'v']));
    assert.deepEqual(checkHeaders(many(20)), []);
    assert.deepEqual(checkHeaders(many(21))[0]?.path, 'headers');
    assert.deepEqual(
      checkHeaders({ 'X-A': '1', 'x-a': '2' }).map(({ path }) => path),
      ['headers.x-a'],
    );
  });

  it('names every bad header', () => {
    assert.deepEqual(
      checkHeaders({ host: 'x', ok: 'x', bad: 'é' }).map(({ path }) => path),
      ['headers.host', 'headers.bad'],
    );
  });
});
