import assert from 'node:assert/strict';
import { createApiClient, createTenantClient } from '../support/api-client.js';
import { assertAccessible, enterPortal, type BrowserTests } from '../support/browser.js';

/** What a person does on the pages Keys and Activity. */
export function testKeysAndActivity(tests: () => BrowserTests): void {
  const url = (path: string) => `${tests().stack.service.url}/portal/${path}`;

  it('makes a key with the chosen scopes, shows it once, and deletes it', async () => {
    const { stack, browser } = tests();
    const page = await browser.open();
    await enterPortal(stack, page, await createTenantClient(stack));
    await page.goto(url('keys'));
    await page.getByRole('button', { name: 'Create key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('warehouse');
    assert.equal(await dialog.getByLabel('messages:write').count(), 0, 'the session has no such scope to give');
    // Twice: a double click makes one key.
    await dialog.getByRole('button', { name: 'Create key' }).dblclick();
    await page.getByRole('heading', { name: 'Copy the key “warehouse” now' }).waitFor();
    await assertAccessible(page);
    const key = await page.getByText(/^irisx_[\w-]{43}$/).innerText();
    const program = createApiClient(stack, key);
    assert.equal((await program.get('/v1/webhooks')).status, 200);
    assert.equal((await program.post('/v1/webhooks', {})).status, 403, 'it may only read');
    await page.getByRole('button', { name: 'Done' }).click();
    assert.equal(await page.getByText(key).count(), 0);
    await page.getByRole('button', { name: 'Delete the key warehouse' }).click();
    await dialog.getByRole('button', { name: 'Delete key' }).click();
    await page.getByText('The key “warehouse” was deleted.').waitFor();
    assert.equal((await program.get('/v1/webhooks')).status, 401);
  });

  it('says who can make keys and recover deliveries, in a session that cannot', async () => {
    const { stack, browser } = tests();
    const page = await browser.open();
    const tenant = await createTenantClient(stack);
    const { id } = await tenant.createWebhook({ url: 'https://hooks.example.com', enabled: false });
    await enterPortal(stack, page, tenant, { scopes: ['webhooks:read'] });
    await page.goto(url('keys'));
    await page.getByText('Whoever runs your telephony platform can').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Create key' }).count(), 0);
    await page.goto(url(`recover?webhook=${id}`));
    await page.getByText('This session may only look at recoveries').waitFor();
    await page.getByText('There has been none.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Count' }).count(), 0);
  });

  it('says that not all webhooks can be chosen, of very many', async () => {
    const { stack, browser } = tests();
    const page = await browser.open();
    const tenant = await createTenantClient(stack);
    await tenant.createWebhook({ url: 'https://hooks.example.com', enabled: false });
    await page.route('**/v1/webhooks?limit=200', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), next_cursor: 'more' } });
    });
    await enterPortal(stack, page, tenant);
    await page.goto(url('recover'));
    await page.getByRole('option', { name: /^Only the newest 1\./ }).waitFor({ state: 'attached' });
  });

  it('says who changed what, filtered by what the url says', async () => {
    const { stack, browser } = tests();
    const tenant = await createTenantClient(stack);
    const { id } = await tenant.createWebhook({ url: 'https://hooks.example.com', enabled: false });
    await tenant.patch(`/v1/webhooks/${id}`, { timeout_ms: 5_000 });
    const page = await browser.open();
    await enterPortal(stack, page, tenant, { name: 'alice@acme.example' });
    await page.goto(url('activity'));
    await page.getByText('alice@acme.example opened the portal').waitFor();
    await page.getByText(`changed the timeout of webhook ${id}`).waitFor();
    await page.getByLabel('What was done').selectOption({ label: 'Webhook created' });
    await page.getByText('opened the portal').waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).search, '?action=webhook.created');
    await page.reload();
    await page.getByText(`created webhook ${id} for`).waitFor();
    assert.equal(await page.getByText('opened the portal').count(), 0);
    await page.getByText(/^\d+ values$/).click();
    await assertAccessible(page);
    await page.getByRole('link', { name: `webhook ${id}` }).click();
    await page.waitForURL(url(`webhooks/${id}`));
  });
}
