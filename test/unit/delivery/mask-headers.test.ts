import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { maskHeaders } from '../../../src/delivery/mask-headers.js';

describe('maskHeaders', () => {
  const masked = [
    'Authorization',
    'proxy-authorization',
    'cookie',
    'X-Auth-Token',
    'x-api-key',
    'X-APIKey',
    'x_api_key',
    'client-secret',
    'X-Password',
    'X-IRISX-Signature',
    'X-IRISX-Signature-Previous',
    'webhook-signature',
    'x-functions-key',
    'ocp-apim-subscription-key',
    'x-auth',
    'x-amz-credential',
    'x-session-id',
  ];
  for (const name of masked) {
    it(`masks ${name}`, () => assert.deepEqual(maskHeaders({ [name]: 'hush' }), { [name]: '[masked]' }));
  }

  it('leaves the first 8 characters of our own signatures, and changes nothing when repeated', () => {
    const hex = createHmac('sha256', 'secret').update('1.{}').digest('hex');
    const base64 = createHmac('sha256', 'secret').update('1.{}').digest('base64');
    const shown = maskHeaders({
      'X-IRISX-Signature': `sha256=${hex}`,
      'x-irisx-signature-previous': `sha256=${hex}`,
      'webhook-signature': `v1,${base64} v1,${base64}`,
      'x-signature': `sha256=${hex}`,
    });
    assert.deepEqual(shown, {
      'X-IRISX-Signature': `sha256=${hex.slice(0, 8)}…`,
      'x-irisx-signature-previous': `sha256=${hex.slice(0, 8)}…`,
      'webhook-signature': `v1,${base64.slice(0, 8)}… v1,${base64.slice(0, 8)}…`,
      'x-signature': '[masked]',
    });
    assert.deepEqual(maskHeaders(shown), shown);
  });

  it('leaves other headers unchanged, in order', () => {
    const headers = {
      'Content-Type': 'text/plain',
      'X-IRISX-Timestamp': '1',
      author: 'me',
      'x-keyboard': 'de',
      etag: '"1"',
    };
    assert.deepEqual(maskHeaders(headers), headers);
    assert.deepEqual(Object.keys(maskHeaders(headers)), Object.keys(headers));
  });

  it('omits set-cookie', () => {
    assert.deepEqual(maskHeaders({ 'set-cookie': 'a=b', 'Set-Cookie2': 'c', server: 'x' }), { server: 'x' });
  });
});
