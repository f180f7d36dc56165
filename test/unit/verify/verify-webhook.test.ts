import assert from 'node:assert/strict';
import { createSecret, signatureHeaders } from '../../../src/delivery/signature.js';
import { verifyWebhook, type VerifyInput } from '../../../src/verify/index.js';

describe('verifyWebhook', () => {
  // Literal values of both schemes, made with openssl instead of this code.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const timestampSeconds = 1614265330;
  const body = '{"test": 2432232314}';
  const now = timestampSeconds * 1_000;
  const headers = {
    'x-irisx-timestamp': String(timestampSeconds),
    'x-irisx-signature': 'sha256=2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964',
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const verify = (more: Partial<VerifyInput> = {}) =>
    verifyWebhook({ rawBody: body, headers, secrets: secret, now, ...more });
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
  const isInvalid = (reason: string, more: Partial<VerifyInput>, message?: string) =>
    assert.deepEqual(verify(more), { valid: false, reason }, message);

  it('accepts both schemes or either alone, text or bytes, and headers in any form', () => {
    const valid = { valid: true, messageId: headers['webhook-id'] };
    assert.deepEqual(verify(), valid);
    assert.deepEqual(verify({ rawBody: Buffer.from(body) }), valid);
    assert.deepEqual(verify({ rawBody: new Uint8Array(Buffer.from(body)) }), valid);
    assert.deepEqual(verify({ headers: new Headers(headers) }), valid);
    assert.deepEqual(
      verify({ headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toUpperCase(), v])) }),
      valid,
    );
    assert.deepEqual(verify({ headers: without('x-irisx-signature') }), valid);
    assert.deepEqual(verify({ headers: without('webhook-signature') }), valid);
    assert.deepEqual(verify({ headers: without('webhook-id', 'webhook-signature') }), { valid: true, messageId: null });
  });

  it('accepts what signatureHeaders signs, and either secret during a rotation', () => {
    const [fresh, old, other] = [createSecret(), createSecret(), createSecret()];
    const signed = signatureHeaders({
      secret: fresh,
      previousSecret: old,
      messageId: 'event-1',
      timestampSeconds,
      body,
    });
    for (const secrets of [fresh, old, [other, old]]) assert.ok(verify({ headers: signed, secrets }).valid);
    isInvalid('wrong_signature', { headers: signed, secrets: other });
    const later = signatureHeaders({ secret: fresh, messageId: 'event-1', timestampSeconds, body });
    assert.ok(verify({ headers: later, secrets: [old, fresh] }).valid);
  });

  it('refuses every changed byte, and a wrong signature of one scheme next to a right one of the other', () => {
    for (let i = 0; i < body.length; i++) {
      const changed = Buffer.from(body);
      changed[i]! ^= 1;
      isInvalid('wrong_signature', { rawBody: changed }, `byte ${i}`);
    }
    isInvalid('wrong_signature', { headers: { ...headers, 'x-irisx-signature': `sha256=${'0'.repeat(64)}` } });
    isInvalid('wrong_signature', { headers: { ...headers, 'webhook-id': 'msg_another' } });
    isInvalid('wrong_signature', { headers: { ...headers, 'webhook-signature': 'v1,é v2,x' } });
  });

  it('refuses timestamps outside the tolerance, old or ahead', () => {
    for (const off of [300, -300]) assert.ok(verify({ now: now + off * 1_000 }).valid);
    for (const off of [301, -301]) isInvalid('outside_tolerance', { now: now + off * 1_000 });
    assert.ok(verify({ now: now + 900_000, toleranceSeconds: 900 }).valid);
    isInvalid('outside_tolerance', { now: now + 301_000, headers: without('x-irisx-signature') });
  });

  it('gives the reason, and never throws, whatever was sent', () => {
    isInvalid('body_not_raw', { rawBody: { test: 2432232314 } as never });
    isInvalid('body_not_raw', { rawBody: undefined });
    for (const none of [{}, null, undefined, 'x', without('x-irisx-signature', 'webhook-signature')])
      isInvalid('no_signature', { headers: none as never });
    for (const timestamp of ['', '1e9', '-1', '1614265330.5', ['1', '2']] as never[])
      isInvalid('bad_timestamp', { headers: { ...headers, 'x-irisx-timestamp': timestamp } });
    isInvalid('bad_timestamp', { headers: without('webhook-timestamp') });
    for (const signature of ['é'.repeat(35), '', 'sha256=', 'x'.repeat(10_000)])
      assert.equal(verify({ headers: { ...headers, 'x-irisx-signature': signature } }).valid, false);
  });

  it("throws if no secret is configured, since that is the caller's own mistake", () => {
    for (const secrets of ['', [], [''], undefined, [undefined]] as never[])
      assert.throws(() => verify({ secrets }), TypeError);
  });

  it('accepts no signature for a secret that decodes to nothing', () => {
    const forged = { ...without('x-irisx-signature'), 'webhook-signature': 'v1,anything' };
    isInvalid('wrong_signature', { headers: forged, secrets: 'whsec_' });
  });
});
