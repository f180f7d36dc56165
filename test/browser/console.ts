import assert from 'node:assert/strict';
import { createTenantClient } from '../support/api-client.js';
import { assertAccessible, assertFits, enterConsole, enterPortal, type BrowserTests } from '../support/browser.js';
import { startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

/** What an operator does in the console. */
export function testConsole(tests: () => BrowserTests): void {
  const url = (path: string) => `${tests().stack.service.url}/console/${path}`;

  it('finds a tenant, its receiver in trouble and one of its deliveries, on pages that fit a phone', async () => {
    const { stack, browser } = tests();
    const receiver = await startReceiver({ status: 500 });
    try {
      const tenant = await createTenantClient(stack);
      const webhook = await tenant.createWebhook({ url: `${receiver.url}/broken`, max_retries: 0 });
      // Five failed deliveries make a receiver failing.
      for (let event = 0; event < 5; event++) await tenant.trigger();
      const isFailing = async () => (await tenant.webhook(webhook.id)).webhook.health.state === 'failing';
      await waitFor(isFailing, { what: 'the receiver to be failing' });
      const page = await browser.open({ viewport: { width: 390, height: 844 } });
      await enterConsole(stack, page);
      const check = async () => {
        await assertAccessible(page);
        await assertFits(page);
      };
      await page.getByRole('searchbox').fill(tenant.tenantId);
      const row = page.getByRole('row').filter({ hasText: tenant.tenantId }).filter({ hasText: '1 webhook failing' });
      await row.waitFor();
      await check();
      await row.getByRole('link').first().click();
      await page.waitForURL(url(`tenants/${tenant.tenantId}`));

      await page.goto(url('receivers?state=failing'));
      await page.getByRole('link', { name: `${receiver.url}/broken` }).waitFor();
      await check();
      await page.getByRole('button', { name: 'Disabled' }).click();
      await page.getByRole('link', { name: `${receiver.url}/broken` }).waitFor({ state: 'detached' });

      const { body } = await tenant.get(`/v1/webhooks/${webhook.id}/deliveries?limit=1`);
      const [delivery] = (body as { deliveries: { id: string }[] }).deliveries;
      await page.goto(url('search'));
      await page.locator('input:focus').waitFor();
      await page.keyboard.type(delivery!.id);
      await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
      await check();
      await page.getByRole('main').getByRole('link').first().click();
      await page.waitForURL(url(`tenants/${tenant.tenantId}/webhooks/${webhook.id}/deliveries/${delivery!.id}`));

      await page.goto(url('platform'));
      await page.getByText('Processes that make the requests').waitFor();
      await check();
    } finally {
      await receiver.close();
    }
  });

  it('makes a link into a tenant’s portal, and ends the session that comes of it at once', async () => {
    const { stack, browser } = tests();
    const tenant = await createTenantClient(stack);
    const [operator, carol] = [await browser.open(), await browser.open()];
    await enterConsole(stack, operator);
    await operator.goto(url(`tenants/${tenant.tenantId}/access`));
    await operator.getByLabel('Who it is for').fill('carol');
    await operator.getByRole('button', { name: 'Make link' }).click();
    await operator.getByRole('heading', { name: 'Copy the link now' }).waitFor();
    await assertAccessible(operator);
    await carol.goto(await operator.getByText('/portal/enter?token=').innerText());
    await carol.getByRole('heading', { level: 1 }).waitFor();
    await operator.reload();
    await operator.getByRole('button', { name: 'End the session of carol' }).click();
    await operator.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await operator.getByText('Nobody is in the portal').waitFor();
    await carol.getByRole('link', { name: 'Activity' }).click();
    await carol.getByText('Your session has ended').waitFor();
  });

  it('keeps every other tenant’s portal out', async () => {
    const { stack, browser } = tests();
    const page = await browser.open();
    await enterPortal(stack, page, await createTenantClient(stack));
    await page.goto(url('tenants'));
    await page.getByLabel('Admin key').waitFor();
    assert.equal(await page.getByRole('heading', { level: 1, name: 'Tenants' }).count(), 0);
  });
}
