import assert from 'node:assert/strict';
import { buildRequestHeaders, encodeHeaderValue } from '../../../src/delivery/request-headers.js';
import { verifySignature } from '../../../src/delivery/signature.js';

describe('buildRequestHeaders', () => {
  const input = {
    eventType: 'call.completed',
    eventId: 'call-1',
    messageId: '0198a0b2-7c1e-7000-8000-000000000001',
    deliveryId: '0198a0b2-7c1e-7000-8000-000000000002',
    attempt: 3,
    timestampSeconds: 1700000000,
    secret: 'whsec_test',
    body: '{"a":1}',
    customHeaders: {},
    version: '1.2.3',
  };

  it('has every header of the contract', () => {
    assert.deepEqual(buildRequestHeaders(input), {
      'Content-Type': 'application/json',
      'User-Agent': 'IRISX-Webhooks/1.2.3',
      'X-IRISX-Event': 'call.completed',
      'X-IRISX-Event-Id': 'call-1',
      'X-IRISX-Delivery': '0198a0b2-7c1e-7000-8000-000000000002',
      'X-IRISX-Attempt': '3',
      'X-IRISX-Signature': 'sha256=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789',
      'X-IRISX-Timestamp': '1700000000',
      'webhook-id': '0198a0b2-7c1e-7000-8000-000000000001',
      'webhook-timestamp': '1700000000',
      'webhook-signature': 'v1,iHoLzLGEThirYuQydQSEq/B46G0OWkh9FPpHPDfz8fE=',
    });
  });

  it('field case 26: signs every attempt with its own time, under the same message id', () => {
    const attempts = [0, 1, 3, 3600].map((later, i) => {
      const timestampSeconds = input.timestampSeconds + later;
      const headers = buildRequestHeaders({ ...input, attempt: i + 1, timestampSeconds });
      const { 'X-IRISX-Signature': signature, 'X-IRISX-Timestamp': timestamp } = headers;
      const { body: rawBody, secret } = input;
      assert.equal(timestamp, String(timestampSeconds));
      assert.ok(verifySignature({ rawBody, signature, timestamp, secret, now: timestampSeconds * 1000 }));
      return headers;
    });
    assert.equal(new Set(attempts.map((headers) => headers['X-IRISX-Signature'])).size, 4);
    assert.equal(new Set(attempts.map((headers) => headers['webhook-id'])).size, 1);
  });

  it('adds the previous signature during a rotation’s overlap', () => {
    const headers = buildRequestHeaders({ ...input, previousSecret: 'whsec_before' });
    assert.match(headers['X-IRISX-Signature-Previous'] ?? '', /^sha256=[0-9a-f]{64}$/);
    assert.equal(headers['webhook-signature']?.split(' ').length, 2);
  });

  it('adds custom headers, which never replace ours in any spelling', () => {
    const customHeaders = { 'X-Shop': '7', 'content-type': 'text/plain', 'x-irisx-signature': 'forged', HOST: 'x' };
    const headers = buildRequestHeaders({ ...input, customHeaders });
    assert.equal(headers['X-Shop'], '7');
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    assert.equal(new Set(names).size, names.length);
    assert.ok(!Object.values(headers).includes('forged'));
    assert.equal(headers['Content-Type'], 'application/json');
    assert.ok(!names.includes('host'));
  });
});

describe('encodeHeaderValue', () => {
  it('leaves visible ASCII unchanged', () => {
    const text = 'phone_+15551234567_assigned!"#$&\'()*,/:;<=>?@[\\]^`{|}~';
    assert.equal(encodeHeaderValue(text), text);
  });

  it('percent-encodes everything else, and the percent sign, so that decoding restores the text', () => {
    assert.equal(encodeHeaderValue('é a%\r\n\0😀'), '%C3%A9%20a%25%0D%0A%00%F0%9F%98%80');
    for (const text of ['Łódź 🙄', '100%', 'a\tb', '%41'])
      assert.equal(decodeURIComponent(encodeHeaderValue(text)), text);
    assert.equal(encodeHeaderValue('\ud800'), '%EF%BF%BD');
  });
});
