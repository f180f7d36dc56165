import assert from 'node:assert/strict';
import { expiresAt } from '../../../portal/src/pages/keys/expiry.js';
import { scopesToGive, tenantScopes } from '../../../portal/src/text/scopes.js';
import { tenantScopes as scopesOfTheService } from '../../../src/db/api-keys.js';

describe('a new key in the portal', () => {
  it('can get the scopes of the session, in one order; an operator can give all', () => {
    assert.deepEqual(scopesToGive({ kind: 'tenant', scopes: ['api_keys:write', 'webhooks:read'] }), [
      'webhooks:read',
      'api_keys:write',
    ]);
    assert.deepEqual(scopesToGive({ kind: 'operator', scopes: ['admin'] }), tenantScopes);
  });

  it('is offered every scope that the service knows', () => {
    assert.deepEqual([...tenantScopes].sort(), [...scopesOfTheService].sort());
  });

  it('expires never, after some days, or when a day of the viewer is over', () => {
    const now = new Date('2026-11-27T21:15:00.000Z');
    assert.equal(expiresAt('never', '', now), null);
    assert.equal(expiresAt('30', '', now), '2026-12-27T21:15:00.000Z');
    assert.equal(expiresAt('day', '2026-12-31', now), new Date(2027, 0, 1).toISOString());
  });
});
