import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSealer } from '../../src/seal.js';

describe('sealer', () => {
  const sealer = createSealer(randomBytes(32));
  const context = 'webhook:12:secret';
  const secret = 'whsec_Zażółć 😀';

  it('opens what it sealed', () => {
    for (const text of [secret, '', 'x'.repeat(100_000)]) {
      assert.equal(sealer.open(sealer.seal(text, context), context), text);
    }
  });

  it('never gives the same bytes twice, and shows nothing of the text', () => {
    const sealed = sealer.seal(secret, context);
    assert.notDeepEqual(sealed, sealer.seal(secret, context));
    assert.equal(sealed.includes('whsec_'), false);
  });

  it('refuses another key, another context, and a change of any byte, without showing the text', () => {
    const sealed = sealer.seal(secret, context);
    const refuses = (open: () => string): void =>
      assert.throws(open, (error: Error) => error.message.includes(context) && !error.message.includes('whsec_'));
    refuses(() => createSealer(randomBytes(32)).open(sealed, context));
    assert.throws(() => sealer.open(sealed, 'webhook:13:secret'), /webhook:13:secret cannot be decrypted/);
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      refuses(() => sealer.open(changed, context));
    }
    for (let length = 0; length < sealed.length; length++)
      refuses(() => sealer.open(sealed.subarray(0, length), context));
  });

  it('opens what an earlier version of the program sealed', () => {
    const key = Buffer.alloc(32, 7);
    const sealed = Buffer.from('AQON/rL6DJqwdVaT0U6FHHhDX20rQtoe0Wz+NtMObn84WX07Hn/0', 'base64');
    assert.equal(createSealer(key).open(sealed, 'webhook:1:secret'), 'whsec_test');
  });

  it('refuses a key of another length', () => {
    assert.throws(() => createSealer(randomBytes(16)), /16 bytes; AES-256 takes 32/);
  });
});
