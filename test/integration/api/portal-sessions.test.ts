import assert from 'node:assert/strict';
import { Browser, enterPortal, newLink } from './browser.js';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

describe('a link into the portal', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
  });
  after(() => api.close());

  it('becomes a session that makes calls', async () => {
    const portal = await enterPortal(api, tenant.id);
    const webhook = await createWebhook(tenant);
    const { status, body } = await portal.call('GET', '/v1/webhooks');
    assert.equal(status, 200);
    assert.deepEqual(
      body.webhooks.map(({ id }: { id: number }) => id),
      [webhook],
    );
    assert.equal((await portal.browser.call(null, 'GET', '/v1/webhooks')).status, 401);
  });

  it('works once, even if it is opened twice at once', async () => {
    const url = await newLink(api, tenant.id);
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await new Browser(api).open(url)).status));
    assert.deepEqual(statuses.sort(), [303, 410, 410, 410]);
  });
});
