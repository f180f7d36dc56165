import assert from 'node:assert/strict';
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
