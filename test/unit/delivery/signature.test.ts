import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Webhook } from 'standardwebhooks';
import {
  createSecret,
  sign,
  signatureHeaders,
  signStandardWebhooks,
  verifySignature,
} from '../../../src/delivery/signature.js';
import { badSignatures, vector } from '../../support/signature-vectors.js';

const require = createRequire(import.meta.url);

/** The function of the integration guide, unchanged. */
const { verifyWebhookSignature } = require('../../fixtures/guide/verify.cjs') as {
  verifyWebhookSignature(payload: unknown, signature: string, secret: string, timestamp: string): boolean;
};

describe('createSecret', () => {
  it('returns whsec_ and 32 bytes in base64, different each time', () => {
    const secret = createSecret();
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal(Buffer.from(secret.slice(6), 'base64').length, 32);
    assert.notEqual(secret, createSecret());
  });
});

describe('sign', () => {
  it('covers the timestamp and the body exactly as sent', () => {
    assert.equal(
      sign('whsec_test', 1700000000, '{"a":1}'),
      'sha256=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789',
    );
  });

  it('field case 25: covers the bytes of text that is not ASCII', () => {
    assert.equal(Buffer.byteLength(vector.body), 130);
    assert.equal(vector.body.length, 124);
    assert.equal(
      sign('test-secret-0001', 1761739200, vector.body),
      'sha256=9f407131b72894182d51427317234ea7206f23f46f460719a680b441034597f5',
    );
  });
});

describe('signStandardWebhooks', () => {
  it('returns the signature of the specification’s own example', () => {
    assert.equal(
      signStandardWebhooks(
        'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        1614265330,
        '{"test": 2432232314}',
      ),
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('refuses a secret without a key in it', () => {
    assert.throws(() => signStandardWebhooks('whsec_', 'm', 1, '{}'), /signing secret is empty/);
  });
});

describe('signatureHeaders', () => {
  const secret = createSecret();
  const previousSecret = createSecret();
  const body = JSON.stringify({ event: 'call.completed', event_id: 'ü', timestamp: 't', data: { text: 'Łódź 🙄' } });
  const now = Math.floor(Date.now() / 1000);
  const input = { secret, messageId: '0198a0b2-7c1e-7000-8000-000000000001', timestampSeconds: now, body };

  it('has the headers of both schemes, and a previous signature only during an overlap', () => {
    assert.deepEqual(Object.keys(signatureHeaders(input)), [
      'X-IRISX-Signature',
      'X-IRISX-Timestamp',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ]);
    assert.ok(!signatureHeaders(input)['webhook-signature']?.includes(' '));
  });

  it('is verified by the guide’s Node example, unchanged', () => {
    const headers = signatureHeaders(input);
    const [signature, timestamp] = [headers['X-IRISX-Signature'] ?? '', headers['X-IRISX-Timestamp'] ?? ''];
    assert.equal(verifyWebhookSignature(JSON.parse(body), signature, secret, timestamp), true);
    assert.equal(verifyWebhookSignature(JSON.parse(body), signature, previousSecret, timestamp), false);
  });

  it('is verified by the standardwebhooks library, which refuses any change', () => {
    const headers = signatureHeaders(input);
    assert.deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
    assert.throws(() => new Webhook(previousSecret).verify(body, headers));
    assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
    assert.throws(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'another' }));
  });

  it('is verified with either secret during a rotation’s overlap, in both schemes', () => {
    const headers = signatureHeaders({ ...input, previousSecret });
    const timestamp = headers['X-IRISX-Timestamp'];
    assert.deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
    assert.deepEqual(new Webhook(previousSecret).verify(body, headers), JSON.parse(body));
    assert.ok(verifySignature({ rawBody: body, signature: headers['X-IRISX-Signature'], timestamp, secret }));
    assert.ok(
      verifySignature({
        rawBody: body,
        signature: headers['X-IRISX-Signature-Previous'],
        timestamp,
        secret: previousSecret,
      }),
    );
  });
});

describe('verifySignature', () => {
  const { secret, timestamp, signature } = vector;
  const rawBody = Buffer.from(vector.body);
  const now = Number(timestamp) * 1000;

  it('field case 25: accepts the exact bytes, and refuses a change of any byte', () => {
    assert.equal(verifySignature({ rawBody, signature, timestamp, secret, now }), true);
    assert.equal(verifySignature({ rawBody: vector.body, signature, timestamp, secret, now }), true);
    for (let i = 0; i < rawBody.length; i++) {
      const changed = Buffer.from(rawBody);
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.equal(verifySignature({ rawBody: changed, signature, timestamp, secret, now }), false, `byte ${i}`);
    }
  });

  for (const [name, bad] of badSignatures) {
    it(`field case 24: refuses ${name}, and does not throw`, () => {
      assert.equal(verifySignature({ rawBody, signature: bad, timestamp, secret, now }), false);
    });
  }

  it('refuses an invalid timestamp or body, and does not throw', () => {
    const values = [
      undefined,
      '',
      'abc',
      '-1',
      '1e9',
      '１７６１７３９２００',
      ' 1761739200',
      ['1761739200'],
      {},
      1761739200,
    ];
    for (const bad of values) {
      assert.equal(verifySignature({ rawBody, signature, timestamp: bad, secret, now }), false, JSON.stringify(bad));
    }
    const noBody = undefined as unknown as string;
    assert.equal(verifySignature({ rawBody: noBody, signature, timestamp, secret, now }), false);
    assert.equal(verifySignature({ rawBody, signature, timestamp, secret: '', now }), false);
  });

  it('accepts a timestamp within the tolerance, in either direction', () => {
    const at = (offsetSeconds: number, toleranceSeconds?: number): boolean =>
      verifySignature({
        rawBody,
        signature,
        timestamp,
        secret,
        now: now + offsetSeconds * 1000,
        ...(toleranceSeconds !== undefined && { toleranceSeconds }),
      });
    assert.deepEqual([at(300), at(-300), at(301), at(-301)], [true, true, false, false]);
    assert.deepEqual([at(10, 10), at(11, 10)], [true, false]);
  });
});
