import assert from 'node:assert/strict';
import { createTenant, startApi, type Api } from './fixture.js';

/** One code point: two UTF-16 units, four bytes. */
const emoji = '😀';

describe('the API and Postgres measure the length of a text in the same way', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

  const fields: [
    what: string,
    path: () => Promise<string>,
    body: (text: string) => unknown,
    field: string,
    most: number,
  ][] = [
    ['the name of a tenant', async () => '/v1/tenants', (name) => ({ name }), 'name', 200],
    [
      'the external_id of a tenant',
      async () => '/v1/tenants',
      (external_id) => ({ name: 'x', external_id }),
      'external_id',
      100,
    ],
    [
      'the name of a key of the platform',
      async () => '/v1/api-keys',
      (name) => ({ name, scopes: ['admin'] }),
      'name',
      200,
    ],
    [
      'the name of a key of a tenant',
      async () => `/v1/tenants/${(await createTenant(api)).id}/api-keys`,
      (name) => ({ name, scopes: ['webhooks:read'] }),
      'name',
      200,
    ],
  ];
  for (const [what, path, body, field, most] of fields)
    it(`${what}: ${most} characters of any kind, and not one more`, async () => {
      const at = await path();
      for (const character of ['x', 'ą', emoji]) {
        const fits = await api.call('POST', at, { body: body(character.repeat(most)) });
        assert.equal(fits.status, 201, character);
        const { status, body: refused } = await api.call('POST', at, { body: body(character.repeat(most + 1)) });
        assert.deepEqual([status, refused.errors[0].path], [400, field], character);
      }
    });
});
