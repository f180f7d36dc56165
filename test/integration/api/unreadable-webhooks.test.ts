import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { sealContext } from '../../../src/encryption/seal-context.js';
import { createSealer, unnamedKey } from '../../../src/encryption/seal.js';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

describe('field case 91: webhooks whose secret or headers were sealed with a missing key', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  beforeEach(async () => void (tenant = await createTenant(api)));
  after(() => api.close());

  const lost = createSealer([unnamedKey(randomBytes(32))]);
  async function unreadableWebhook(): Promise<number> {
    const id = await createWebhook(tenant, { headers: { 'X-Team': 'billing' } });
    await api.pool.query('update webhooks set secret_sealed = $2, headers_sealed = $3 where id = $1', [
      id,
      lost.seal('whsec_lost', sealContext.secret(tenant.id)),
      lost.seal('{"X-Team":"billing"}', sealContext.headers(tenant.id)),
    ]);
    return id;
  }
  const show = async (id: number) => (await tenant.call('GET', `/v1/webhooks/${id}`)).body.webhook;
  const sealedOf = async (id: number) => {
    const { rows } = await api.pool.query<{ secret: Buffer; previous: Buffer | null }>(
      'select secret_sealed as secret, previous_secret_sealed as previous from webhooks where id = $1',
      [id],
    );
    return rows[0]!;
  };

  it('can be shown, listed and changed like others, and name what cannot be read', async () => {
    const id = await unreadableWebhook();
    const other = await createWebhook(tenant, { headers: { 'X-Team': 'sales' } });
    const { status, body } = await tenant.call('GET', '/v1/webhooks');
    assert.equal(status, 200);
    assert.deepEqual(
      body.webhooks.map((each: { id: number; headers: unknown; unreadable: unknown }) => [
        each.id,
        each.headers,
        each.unreadable,
      ]),
      [
        [other, { 'X-Team': 'sales' }, []],
        [id, null, ['secret', 'headers']],
      ],
    );
    assert.equal((await show(id)).headers, null);
    const changed = await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: { description: 'Billing' } });
    assert.deepEqual([changed.status, changed.body.webhook.description], [200, 'Billing']);
    assert.deepEqual(changed.body.webhook.unreadable, ['secret', 'headers']);
  });

  it('are repaired by setting the headers again', async () => {
    const id = await unreadableWebhook();
    const { body } = await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: { headers: { 'X-Team': 'support' } } });
    assert.deepEqual([body.webhook.headers, body.webhook.unreadable], [{ 'X-Team': 'support' }, ['secret']]);
    assert.deepEqual((await show(id)).headers, { 'X-Team': 'support' });
  });

  it('are repaired by rotate-secret, which drops a previous secret that cannot be opened', async () => {
    const id = await unreadableWebhook();
    const { status, body } = await tenant.call('POST', `/v1/webhooks/${id}/rotate-secret`, { body: {} });
    assert.deepEqual([status, body.previous_secret_expires_at], [200, null]);
    const sealed = await sealedOf(id);
    assert.equal(api.sealer.open(sealed.secret, sealContext.secret(tenant.id)), body.secret);
    assert.equal(sealed.previous, null);
    assert.deepEqual((await show(id)).unreadable, ['headers']);
    // The next rotation is an ordinary one.
    const again = await tenant.call('POST', `/v1/webhooks/${id}/rotate-secret`, { body: {} });
    assert.notEqual(again.body.previous_secret_expires_at, null);
    const { previous } = await sealedOf(id);
    assert.equal(api.sealer.open(previous!, sealContext.secret(tenant.id)), body.secret);
  });

  it('keep both new secrets when two rotations come at the same time', async () => {
    const id = await unreadableWebhook();
    const both = await Promise.all(
      [1, 2].map(() => tenant.call('POST', `/v1/webhooks/${id}/rotate-secret`, { body: {} })),
    );
    const sealed = await sealedOf(id);
    const context = sealContext.secret(tenant.id);
    const kept = [sealed.secret, sealed.previous!].map((each) => api.sealer.open(each, context));
    assert.deepEqual(new Set(kept), new Set(both.map(({ body }) => body.secret as string)));
  });

  it('make /readyz answer 503', async () => {
    const blind = await startApi({ encryptionState: () => Promise.resolve('unknown_key') });
    try {
      const { status, body } = await blind.call('GET', '/readyz', { key: null });
      assert.deepEqual([status, body.status, body.encryption], [503, 'unready', 'unknown_key']);
    } finally {
      await blind.close();
    }
  });
});
