import assert from 'node:assert/strict';
import { createTenantClient } from '../support/api-client.js';
import { assertAccessible, assertFits, enterPortal, type BrowserTests } from '../support/browser.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

/** What a person learns on the pages Overview, Events and Event types. */
export function testOverview(tests: () => BrowserTests): void {
  let receiver: Receiver;
  beforeEach(async () => (receiver = await startReceiver(500)));
  afterEach(() => receiver.close());

  const url = (path: string) => `${tests().stack.service.url}/portal/${path}`;

  it('says what to do first, then which webhook fails and why, with its numbers', async () => {
    const { stack, browser } = tests();
    const tenant = await createTenantClient(stack);
    const page = await browser.open();
    await enterPortal(stack, page, tenant);
    await page.getByRole('link', { name: 'Create a webhook' }).waitFor();
    const { id } = await tenant.createWebhook({ url: receiver.url, max_retries: 0, description: 'Archive' });
    for (let event = 0; event < 5; event++) await tenant.trigger();
    const isFailing = async () => (await tenant.webhook(id)).webhook.health.state === 'failing';
    await waitFor(isFailing, { what: 'the webhook to be failing' });
    // As the roll-up does it, which is due every 30 s.
    await stack.database.pool.query(`select roll_up_statistics(10000, now() + interval '1 s')`);
    await page.reload();
    const attention = page
      .locator('section')
      .filter({ has: page.getByRole('heading', { name: 'What needs attention' }) });
    await attention.getByText('The receiver answered 500; only 2xx is success.', { exact: false }).waitFor();
    await page.getByText('Show as a table').first().click();
    await page
      .getByRole('region', { name: /Deliveries over time/ })
      .getByRole('cell', { name: '5', exact: true })
      .first()
      .waitFor();
    await assertAccessible(page);
    await attention.getByRole('link', { name: 'Show failures' }).click();
    await page.waitForURL(url(`deliveries?webhook=${id}&status=failed`));
  });

  it('says why no webhook got an event, and leads to what helps', async () => {
    const { stack, browser } = tests();
    const tenant = await createTenantClient(stack);
    await tenant.createWebhook({ url: receiver.url, events: ['sms.received'], description: 'Messages' });
    await tenant.trigger({ event_id: 'call-lost' });
    const page = await browser.open();
    await enterPortal(stack, page, tenant);
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'call-lost' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Why no webhook got it' }).waitFor();
    await page.getByText('"hangup_cause"').waitFor();
    await assertAccessible(page);
    await page.getByRole('main').getByRole('link', { name: 'call.completed' }).first().click();
    await page.waitForURL(url('event-types?type=call.completed'));
    await page.getByText('"NORMAL_CLEARING"').waitFor();
  });

  it('is all reached by the keyboard alone, from the menu to the retry of a delivery', async () => {
    const { stack, browser } = tests();
    const tenant = await createTenantClient(stack);
    await tenant.createWebhook({ url: receiver.url, max_retries: 0 });
    await tenant.trigger({ event_id: 'call-typed' });
    const page = await browser.open();
    await enterPortal(stack, page, tenant);
    /** Presses Tab until that has the focus. */
    const tabTo = async (name: RegExp) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate<string>(
          `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()`,
        );
        if (name.test(focused)) return;
      }
      assert.fail(`Tab does not lead to ${name}`);
    };
    await tabTo(/^Skip to content$/);
    await tabTo(/^Deliveries$/);
    await page.keyboard.press('Enter');
    await page.waitForURL(url('deliveries'));
    await page.getByText('call-typed').waitFor();
    await tabTo(/^call\.completed$/);
    await page.keyboard.press('Enter');
    await page.getByText(/^Not delivered:/).waitFor();
    receiver.respond = 200;
    await tabTo(/^Retry$/);
    await page.keyboard.press('Enter');
    await page.getByText(/^Delivered:/).waitFor();
  });

  it('works in an iframe of 400 px of an origin that may show it, and of no other', async () => {
    const { stack, browser } = tests();
    const tenant = await createTenantClient(stack);
    receiver.respond = { headers: { 'content-type': 'text/html' }, body: '<iframe width="400" height="700"></iframe>' };
    const origin = new URL(receiver.url).origin;
    const framed = await stack.openAnother(
      { api: true, worker: false },
      { api: { ...stack.config.api, portalFrameAncestors: [origin] } },
    );
    const page = await browser.open();
    for (const [service, isShown] of [
      [framed, true],
      [stack.service, false],
    ] as const) {
      await page.goto(receiver.url);
      const answer = await fetch(`${service.url}/v1/tenants/${tenant.tenantId}/portal-links`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json' },
        body: '{}',
      });
      const { portal_link: link } = (await answer.json()) as { portal_link: { url: string } };
      const refused = isShown
        ? null
        : page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
      await page.evaluate(`document.querySelector('iframe').src = ${JSON.stringify(link.url)}`);
      if (refused) await refused;
      else {
        const frame = page.frameLocator('iframe');
        await frame.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
        await frame.getByRole('button', { name: 'Open menu' }).click();
        await frame.getByRole('link', { name: 'Webhooks', exact: true }).click();
        await frame.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor();
        await assertFits(page.frames()[1]!);
      }
    }
    await browser.closePages();
  });
}
