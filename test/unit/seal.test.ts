import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  createSealer,
  keyIdsOf,
  openIfReadable,
  sealedKeyId,
  unnamedKey,
  UnreadableError,
  type EncryptionKey,
} from '../../src/encryption/seal.js';
import { sealInVersion1 } from '../support/seal-version-1.js';

const newKey = (id: string): EncryptionKey => ({ id, key: randomBytes(32) });
const context = 'webhook:12:secret';
const secret = 'whsec_geheim';

describe('sealer', () => {
  const sealer = createSealer([newKey('k1')]);

  it('opens what it sealed', () => {
    for (const text of ['', secret, '🔑'.repeat(1000)]) {
      assert.equal(sealer.open(sealer.seal(text, context), context), text);
    }
  });

  it('shows nothing of the text, and never gives the same bytes twice', () => {
    const sealed = sealer.seal(secret, context);
    assert.notDeepEqual(sealed, sealer.seal(secret, context));
    assert.equal(sealed.includes('whsec_'), false);
  });

  it('opens nothing with another key, in another place, or with a single bit changed', () => {
    const sealed = sealer.seal(secret, context);
    const refuses = (open: () => string) =>
      assert.throws(open, (error: Error) => error instanceof UnreadableError && !error.message.includes(secret));
    refuses(() => createSealer([newKey('k1')]).open(sealed, context));
    assert.throws(() => sealer.open(sealed, 'webhook:13:secret'), /webhook:13:secret cannot be decrypted/);
    for (let i = 0; i < sealed.length; i++) {
      for (const bit of [1, 32, 128]) {
        const changed = Buffer.from(sealed);
        changed[i] = changed[i]! ^ bit;
        refuses(() => sealer.open(changed, context));
      }
    }
    for (let length = 0; length < sealed.length; length++)
      refuses(() => sealer.open(sealed.subarray(0, length), context));
  });

  it('seals with the first key, names it, and opens with any of its keys', () => {
    const [old, next] = [newKey('2025'), newKey('2026')];
    const sealed = createSealer([old]).seal(secret, context);
    const ring = createSealer([next, old]);
    assert.equal(sealedKeyId(sealed), '2025');
    assert.equal(ring.open(sealed, context), secret);
    assert.equal(sealedKeyId(ring.seal(secret, context)), '2026');
    assert.equal(createSealer([next]).open(ring.seal(secret, context), context), secret);
    assert.equal(ring.keyIds[0], '2026');
  });

  it('says which key is missing and what to do, without a byte of any key', () => {
    const [old, next] = [newKey('2025'), newKey('2026')];
    const sealed = createSealer([old]).seal(secret, context);
    assert.throws(
      () => createSealer([next]).open(sealed, context),
      (error: UnreadableError) => {
        assert.equal(error.keyId, '2025');
        assert.match(error.message, /needs the encryption key 2025, which is not here.*IRISX_ENCRYPTION_KEYS/);
        for (const { key } of [old, next])
          for (const form of ['base64', 'hex'] as const) assert.ok(!error.message.includes(key.toString(form)));
        return true;
      },
    );
  });

  it('authenticates the key id, so that a value cannot be made to name another key', () => {
    const key = randomBytes(32);
    const sealed = createSealer([{ id: 'aa', key }]).seal(secret, context);
    const renamed = Buffer.from(sealed);
    renamed.write('bb', 2);
    assert.equal(sealedKeyId(renamed), 'bb');
    assert.equal(openIfReadable(createSealer([{ id: 'bb', key }]), renamed, context), undefined);
  });

  it('tries all keys for a value that names none (version 1)', () => {
    const [old, next] = [newKey('2025'), newKey('2026')];
    const sealed = sealInVersion1(old.key, secret, context);
    assert.equal(sealedKeyId(sealed), null);
    assert.equal(createSealer([next, old]).open(sealed, context), secret);
    assert.equal(createSealer([old, next]).open(sealed, context), secret);
    assert.throws(
      () => createSealer([next]).open(sealed, context),
      (error: UnreadableError) => error.keyId === null && /any key here \(2026/.test(error.message),
    );
    assert.equal(openIfReadable(createSealer([old]), sealed, 'webhook:13:secret'), undefined);
  });

  it('opens what a key sealed before it had an id', () => {
    const unnamed = unnamedKey(randomBytes(32));
    const named = { id: 'first', key: unnamed.key };
    const sealed = createSealer([unnamed]).seal(secret, context);
    assert.match(unnamed.id, /^[0-9a-f]{8}$/);
    assert.deepEqual(keyIdsOf(named), ['first', unnamed.id]);
    const ring = createSealer([newKey('second'), named]);
    assert.equal(ring.open(sealed, context), secret);
    assert.ok(ring.keyIds.includes(unnamed.id) && ring.keyIds.includes('first'));
  });

  it('opens the exact bytes that earlier versions of the program sealed', () => {
    const version1 = Buffer.from('AQON/rL6DJqwdVaT0U6FHHhDX20rQtoe0Wz+NtMObn84WX07Hn/0', 'base64');
    assert.equal(createSealer([unnamedKey(Buffer.alloc(32, 7))]).open(version1, 'webhook:1:secret'), 'whsec_test');

    const key = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
    const version2 = Buffer.from('AgYyMDI2LWEwmm9lbm0aS7pCDV2lANwLP1KP8RrGUYBouqmkIPe7Mi0LsUdwmw==', 'base64');
    assert.equal(sealedKeyId(version2), '2026-a');
    assert.equal(createSealer([{ id: '2026-a', key }]).open(version2, 'webhook:1:secret'), 'whsec_test');
    assert.equal(unnamedKey(key).id, '630dcd29');
  });

  it('refuses keys of the wrong length, invalid ids, and two keys that cannot be told apart', () => {
    const refused: [EncryptionKey[], RegExp][] = [
      [[], /there is none/],
      [[{ id: 'k', key: randomBytes(16) }], /16 bytes; AES-256 takes 32/],
      [[newKey('')], /1 to 32 letters/],
      [[newKey('x'.repeat(33))], /1 to 32 letters/],
      [[newKey('a b')], /1 to 32 letters/],
      [[newKey('é')], /1 to 32 letters/],
      [[newKey('a'), newKey('b'), newKey('a')], /number 1 and number 3 have the same id/],
    ];
    for (const [ring, message] of refused) assert.throws(() => createSealer(ring), message);
    const key = randomBytes(32);
    assert.throws(
      () =>
        createSealer([
          { id: 'a', key },
          { id: 'b', key: Buffer.from(key) },
        ]),
      /the same key/,
    );
    // A value's key id could mean either of them.
    assert.throws(() => createSealer([newKey(unnamedKey(key).id), { id: 'b', key }]), /the same id/);
    createSealer([newKey('A-z_09'), newKey('x'.repeat(32))]);
  });
});
