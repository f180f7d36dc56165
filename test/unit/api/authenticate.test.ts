import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { authenticate, createApiKey, requireScope } from '../../../src/api/authenticate.js';
import { ForbiddenError, UnauthenticatedError } from '../../../src/api/api-errors.js';
import type { Queryable } from '../../../src/db/database.js';

const noDatabase: Queryable = { query: () => Promise.reject(new Error('Postgres was asked')) };

describe('createApiKey', () => {
  it('makes 256 random bits, and the hash that is kept of them', () => {
    const { key, prefix, keyHash } = createApiKey();
    assert.match(key, /^irisx_[A-Za-z0-9_-]{43}$/);
    assert.equal(Buffer.from(key.slice(6), 'base64url').length, 32);
    assert.equal(prefix, key.slice(0, 12));
    assert.deepEqual(keyHash, createHash('sha256').update(key).digest());
    assert.notEqual(createApiKey().key, key);
  });
});

describe('authenticate', () => {
  it("knows the admin key without asking Postgres, with all of the platform's scopes and no tenant", async () => {
    const caller = await authenticate({ db: noDatabase, adminKey: 'the-admin-key' }, 'Bearer the-admin-key');
    assert.deepEqual(caller, { keyId: null, tenantId: null, scopes: ['events:write', 'admin'] });
  });

  it('asks Postgres for nothing that has not the form of a key', async () => {
    for (const header of [
      undefined,
      '',
      'Bearer',
      'Bearer x',
      'Bearer the-admin-key2',
      'Basic the-admin-key',
      'the-admin-key',
    ]) {
      await assert.rejects(
        authenticate({ db: noDatabase, adminKey: 'the-admin-key' }, header),
        UnauthenticatedError,
        header,
      );
    }
  });

  it('takes no key for the admin key where none is set', async () => {
    await assert.rejects(authenticate({ db: noDatabase }, 'Bearer undefined'), UnauthenticatedError);
  });
});

describe('requireScope', () => {
  it('names the scope that is missing and what to do', () => {
    const tenant = { keyId: 'k', tenantId: 't', scopes: ['webhooks:read'] as const };
    const platform = { keyId: null, tenantId: null, scopes: ['events:write', 'admin'] as const };
    requireScope(tenant, 'webhooks:read');
    requireScope(platform, 'admin');
    const refused = [
      [tenant, 'webhooks:write', /this one has webhooks:read/],
      [tenant, 'admin', /only the platform's own keys/],
      [platform, 'webhooks:read', /does not say which tenant/],
    ] as const;
    for (const [caller, scope, detail] of refused) {
      assert.throws(
        () => requireScope(caller, scope),
        (error) =>
          error instanceof ForbiddenError &&
          error.scope === scope &&
          error.message.includes(scope) &&
          detail.test(error.message),
      );
    }
  });
});
