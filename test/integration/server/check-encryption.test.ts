import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { sealContext } from '../../../src/encryption/seal-context.js';
import { createSealer, unnamedKey, type EncryptionKey } from '../../../src/encryption/seal.js';
import { EncryptionKeyError, findUnreadableKeys, requireReadable } from '../../../src/encryption/check-encryption.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';
import { sealInVersion1 } from '../../support/seal-version-1.js';

describe('the check of the encryption keys', () => {
  let database: TestDatabase;
  let tenantId: string;
  beforeEach(async () => {
    database = await createTestDatabase();
    tenantId = await insertTenant(database.pool);
  });
  afterEach(() => database.drop());

  const newKey = (id: string): EncryptionKey => ({ id, key: randomBytes(32) });
  const [old, next] = [newKey('2025'), newKey('2026')];
  const secretBy = (key: EncryptionKey) => createSealer([key]).seal('whsec_x', sealContext.secret(tenantId));
  const insert = (sealedSecret: Buffer) => insertWebhook(database.pool, tenantId, { sealedSecret });
  const check = (...keys: EncryptionKey[]) => findUnreadableKeys(database.pool, createSealer(keys));

  it('passes with keys that open everything, and with an empty database', async () => {
    assert.deepEqual(await check(next), []);
    await insert(secretBy(old));
    await insert(secretBy(next));
    assert.deepEqual(await check(next, old), []);
    await requireReadable(database.pool, createSealer([old, next]));
  });

  it('names a missing key, how many webhooks need it, and what to do', async () => {
    for (let i = 0; i < 3; i++) await insert(secretBy(old));
    await insert(secretBy(next));
    const headers = createSealer([old]).seal('{}', sealContext.headers(tenantId));
    await database.pool.query('update webhooks set headers_sealed = $1 where id = 1', [headers]);
    assert.deepEqual(await check(next), [{ keyId: '2025', reason: 'missing' }]);
    await assert.rejects(requireReadable(database.pool, createSealer([next])), (error: Error) => {
      assert.ok(error instanceof EncryptionKeyError);
      assert.match(error.message, /Here: 2026, .*3 webhooks have values that need 2025, which is missing/);
      assert.match(error.message, /add the missing ones to IRISX_ENCRYPTION_KEYS/);
      for (const { key } of [old, next]) assert.ok(!error.message.includes(key.toString('base64')));
      return true;
    });
  });

  it('finds a wrong key under a known id, but ignores a single damaged value', async () => {
    await insert(secretBy(old));
    await insert(secretBy(old));
    assert.deepEqual(await check(newKey('2025')), [{ keyId: '2025', reason: 'wrong' }]);
    await database.pool.query("update webhooks set secret_sealed = secret_sealed || '\\x00'::bytea where id = 1");
    assert.deepEqual(await check(old), []);
  });

  it('fails when it cannot open one of the sampled values without a key id', async () => {
    const context = sealContext.secret(tenantId);
    await insert(sealInVersion1(old.key, 'whsec_x', context));
    assert.deepEqual(await check(unnamedKey(old.key)), []);
    assert.deepEqual(await check(next), [{ keyId: null, reason: 'wrong' }]);
    // sealed while another key was current
    await insert(sealInVersion1(next.key, 'whsec_x', context));
    assert.deepEqual(await check(old), [{ keyId: null, reason: 'wrong' }]);
    assert.deepEqual(await check(old, next), []);
    await assert.rejects(
      requireReadable(database.pool, createSealer([old])),
      /2 webhooks have values that name no key/,
    );
  });

  it('includes headers and previous secrets, but not values that are no longer opened', async () => {
    const id = await insert(secretBy(next));
    const setPrevious = (until: string) =>
      database.pool.query(
        `update webhooks set previous_secret_sealed = $2, previous_secret_expires_at = now() + $3::interval where id = $1`,
        [id, secretBy(old), until],
      );
    await setPrevious('1 hour');
    assert.deepEqual(await check(next), [{ keyId: '2025', reason: 'missing' }]);
    await setPrevious('-1 s');
    assert.deepEqual(await check(next), []);
    const gone = await insert(secretBy(old));
    assert.equal((await check(next)).length, 1);
    await database.pool.query('update webhooks set deleted_at = now() where id = $1', [gone]);
    assert.deepEqual(await check(next), []);
  });
});
