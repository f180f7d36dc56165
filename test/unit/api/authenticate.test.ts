import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  authenticate,
  authenticateSession,
  callerName,
  createApiKey,
  createToken,
  requireScope,
} from '../../../src/api/http/authenticate.js';
import { ForbiddenError, TooManyRequestsError, UnauthenticatedError } from '../../../src/api/http/api-errors.js';
import { KeyMemory } from '../../../src/api/http/key-memory.js';
import type { Queryable } from '../../../src/db/database.js';

const address = '192.0.2.1';
const bearer = (key: string, at = address) => ({ authorization: `Bearer ${key}`, address: at });
const noDatabase: Queryable = { query: () => Promise.reject(new Error('Postgres was asked')) };

describe('createApiKey', () => {
  it('makes 256 random bits, and the hash that is stored', () => {
    const { key, prefix, keyHash } = createApiKey();
    assert.match(key, /^irisx_[A-Za-z0-9_-]{43}$/);
    assert.equal(Buffer.from(key.slice(6), 'base64url').length, 32);
    assert.equal(prefix, key.slice(0, 12));
    assert.deepEqual(keyHash, createHash('sha256').update(key).digest());
    assert.notEqual(createApiKey().key, key);
  });
});

describe('authenticate', () => {
  it('accepts the admin key without Postgres, with all platform scopes and no tenant', async () => {
    const caller = await authenticate(
      { db: noDatabase, keys: new KeyMemory(), adminKey: 'the-admin-key' },
      bearer('the-admin-key'),
    );
    assert.deepEqual(caller, {
      keyId: null,
      keyName: 'IRISX_ADMIN_KEY',
      tenantId: null,
      scopes: ['events:write', 'admin'],
    });
  });

  it('does not query Postgres for anything that does not have the form of a key', async () => {
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
        authenticate(
          { db: noDatabase, keys: new KeyMemory(), adminKey: 'the-admin-key' },
          { authorization: header, address },
        ),
        UnauthenticatedError,
        header,
      );
    }
  });

  it('accepts no admin key if none is configured', async () => {
    await assert.rejects(
      authenticate({ db: noDatabase, keys: new KeyMemory() }, bearer('undefined')),
      UnauthenticatedError,
    );
  });
});

/** A fake table with these keys, which counts the queries. */
function keyTable(known: ReturnType<typeof createApiKey>[] = []) {
  const table = {
    queries: 0,
    query: async (_statement: unknown, [hash]: [Buffer]) => {
      table.queries += 1;
      const isKnown = known.some(({ keyHash }) => keyHash.equals(hash));
      return { rows: isKnown ? [{ id: 'k', tenant_id: 't', scopes: ['webhooks:read'], stale: false }] : [] };
    },
  };
  return table;
}

describe('unknown keys', () => {
  it('are looked up once, however often they are sent', async () => {
    const table = keyTable();
    const deps = { db: table as unknown as Queryable, keys: new KeyMemory() };
    const { key } = createApiKey();
    for (let i = 0; i < 50; i += 1) await assert.rejects(authenticate(deps, bearer(key)), UnauthenticatedError);
    assert.equal(table.queries, 1);
  });

  it('from one address cause a limited number of queries, even in parallel, and others are not affected', async () => {
    const known = [createApiKey(), createApiKey(), createApiKey()];
    const table = keyTable(known);
    const deps = { db: table as unknown as Queryable, keys: new KeyMemory() };
    await authenticate(deps, bearer(known[0]!.key));
    table.queries = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 5_000 }, () => authenticate(deps, bearer(createApiKey().key))),
    );
    const refused = results.filter(({ status, ...rest }) => {
      const { reason } = rest as { reason: unknown };
      return status === 'rejected' && reason instanceof TooManyRequestsError && reason.retryAfterSeconds <= 60;
    });
    assert.deepEqual([table.queries, refused.length], [600, 4_400]);
    assert.equal((await authenticate(deps, bearer(known[0]!.key))).tenantId, 't');
    assert.equal((await authenticate(deps, bearer(known[1]!.key, '192.0.2.2'))).tenantId, 't');
    await assert.rejects(authenticate(deps, bearer(known[2]!.key)), TooManyRequestsError);
  });

  it('do not include keys that were sent while Postgres was away', async () => {
    const known = createApiKey();
    const keys = new KeyMemory();
    for (let i = 0; i < 1_000; i += 1) await assert.rejects(authenticate({ db: noDatabase, keys }, bearer(known.key)));
    const { tenantId } = await authenticate({ db: keyTable([known]) as unknown as Queryable, keys }, bearer(known.key));
    assert.equal(tenantId, 't');
  });

  it('include a deleted key', async () => {
    const deleted = createApiKey();
    const keys = new KeyMemory();
    await authenticate({ db: keyTable([deleted]) as unknown as Queryable, keys }, bearer(deleted.key));
    await assert.rejects(
      authenticate({ db: keyTable() as unknown as Queryable, keys }, bearer(deleted.key)),
      UnauthenticatedError,
    );
    assert.equal(callerName({ db: noDatabase, keys }, bearer(deleted.key)), `address ${address}`);
  });
});

describe('unknown sessions', () => {
  it('cause a limited number of queries by each address, as unknown keys do', async () => {
    const table = keyTable();
    const deps = { db: table as unknown as Queryable, keys: new KeyMemory() };
    const presented = () => ({ address, session: { kind: 'tenant', token: createToken() } as const });
    const results = await Promise.allSettled(
      Array.from({ length: 2_000 }, () => authenticateSession(deps, presented())),
    );
    const refused = results.filter(
      (result) => result.status === 'rejected' && result.reason instanceof TooManyRequestsError,
    );
    assert.deepEqual([table.queries, refused.length], [600, 1_400]);
    const { session } = presented();
    const elsewhere = { authorization: undefined, address: '192.0.2.2', session };
    assert.equal(callerName(deps, elsewhere), null, 'not looked up yet');
    await assert.rejects(authenticateSession(deps, elsewhere), UnauthenticatedError);
    assert.equal(callerName(deps, elsewhere), 'address 192.0.2.2');
  });
});

describe('callerName', () => {
  it('is the same for a known key, however the header is spelt', async () => {
    const known = createApiKey();
    const deps = { db: keyTable([known]) as unknown as Queryable, keys: new KeyMemory(), adminKey: 'the-admin-key' };
    assert.equal(callerName(deps, bearer(known.key)), null);
    await authenticate(deps, bearer(known.key));
    for (const key of [known.key, 'the-admin-key']) {
      const spellings = [`Bearer ${key}`, `bearer ${key}`, `BEARER     ${key}`, `Bearer ${key}   `];
      const names = spellings.map((authorization) => callerName(deps, { authorization, address }));
      assert.equal(new Set(names).size, 1);
      assert.match(names[0] ?? '', /^key /);
    }
  });

  it('is the address for callers without a key, or with an impossible one', () => {
    const deps = { db: noDatabase, keys: new KeyMemory() };
    for (const authorization of [undefined, '', 'Bearer', 'Bearer x', 'Bearer y', 'Basic abc'])
      assert.equal(callerName(deps, { authorization, address }), `address ${address}`);
  });
});

describe('requireScope', () => {
  it('names the missing scope and what to do', () => {
    const tenant = { keyId: 'k', keyName: 'crm', tenantId: 't', scopes: ['webhooks:read'] as const };
    const platform = { keyId: null, keyName: 'admin', tenantId: null, scopes: ['events:write', 'admin'] as const };
    requireScope(tenant, 'webhooks:read');
    requireScope(platform, 'admin');
    const refused = [
      [tenant, 'webhooks:write', /this one has webhooks:read/],
      [tenant, 'admin', /only the platform's own keys/],
      [platform, 'webhooks:read', /one of the tenant, or a key of the platform with the scope admin/],
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
