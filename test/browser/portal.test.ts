import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { createApiClient, createTenantClient, type TenantClient } from '../support/api-client.js';
import { assertAccessible, assertFits, enterPortal, startBrowser, type TestBrowser } from '../support/browser.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';
import { testConsole } from './console.js';
import { testDeliveries } from './deliveries.js';
import { testKeysAndActivity } from './keys-and-activity.js';
import { testOverview } from './overview.js';
import { testWebhooks } from './webhooks.js';

/** Every page, with a word of its heading. */
const pages = [
  { path: '', heading: 'Overview' },
  { path: 'webhooks', heading: 'Webhooks' },
  { path: 'webhooks/new', heading: 'New webhook' },
  { path: 'deliveries', heading: 'Deliveries' },
  { path: 'events', heading: 'Events' },
  { path: 'event-types', heading: 'Event types' },
  { path: 'recover', heading: 'Recover' },
  { path: 'keys', heading: 'Keys' },
  { path: 'activity', heading: 'Activity' },
];

describe("the tenant's portal", function () {
  this.timeout(150_000);
  let stack: Stack;
  let browser: TestBrowser;
  let works: Receiver;
  let fails: Receiver;
  before(async () => {
    [stack, browser] = await Promise.all([startStack(), startBrowser()]);
    [works, fails] = [await startReceiver(), await startReceiver({ status: 500, body: '{"error":"out of paper"}' })];
  });
  after(async () => {
    await browser.close();
    await stack.close();
    await Promise.all([works.close(), fails.close()]);
  });
  afterEach(async () => assert.deepEqual(await browser.closePages(), []));

  /** A tenant with a webhook that works and one that fails, and an event that both got. */
  async function busyTenant(): Promise<TenantClient & { working: number; failing: number }> {
    const tenant = await createTenantClient(stack);
    const { id: working } = await tenant.createWebhook({ url: `${works.url}/orders` });
    // Its name is its url, which has no place to break a line at.
    const longUrl = `${fails.url}/${'archive'.repeat(20)}`;
    const { id: failing } = await tenant.createWebhook({ url: longUrl, max_retries: 0 });
    await tenant.trigger();
    const hasEnded = async () => {
      const { body } = await tenant.get('/v1/deliveries?status=pending');
      return (body as { deliveries: unknown[] }).deliveries.length === 0;
    };
    await waitFor(hasEnded, { what: 'the deliveries to end' });
    return { ...tenant, working, failing };
  }

  const url = (path: string) => `${stack.service.url}/portal/${path}`;
  const heading = (page: Page) => page.getByRole('heading', { level: 1 });

  it('opens by a link, once, and ends by signing out', async () => {
    const tenant = await createTenantClient(stack);
    const page = await browser.open();
    const { body } = await createApiClient(stack).post(`/v1/tenants/${tenant.tenantId}/portal-links`, {});
    const link = (body as { portal_link: { url: string } }).portal_link.url;
    await page.goto(link);
    await heading(page).waitFor();
    assert.equal(page.url(), url(''), 'the token is not left in the address');
    const other = await browser.open();
    await other.goto(link);
    await other.getByText('This link was used already').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Your session has ended').waitFor();
    await page.reload();
    await page.getByText('Open this portal from your platform').waitFor();
  });

  it('says when the session ends soon, and can be left when it has ended already', async () => {
    const tenant = await createTenantClient(stack);
    const page = await browser.open();
    await enterPortal(stack, page, tenant);
    assert.equal(await page.getByText('Your session ends at').count(), 0);
    await enterPortal(stack, page, tenant, { session_seconds: 300 });
    await page.getByText('Your session ends at').waitFor();
    await page.goto(url('keys'));
    await page.getByText('There is no API key yet').or(page.getByRole('table')).waitFor();
    await createApiClient(stack).delete(`/v1/tenants/${tenant.tenantId}/portal-sessions`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Your session has ended').waitFor();
  });

  it('is less than 250 KB of JavaScript, compressed', async () => {
    const folder = new URL('../../dist/portal/assets/', import.meta.url);
    const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'));
    assert.ok(scripts.length > 10, 'each page is a file of its own');
    const sizes = await Promise.all(
      scripts.map(async (name) => gzipSync(await readFile(new URL(name, folder))).length),
    );
    const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1000;
    assert.ok(kilobytes < 250, `${kilobytes} KB`);
  });

  it('has no page that axe finds fault with, or that is too wide for a phone, light or dark', async () => {
    const tenant = await busyTenant();
    const page = await browser.open({ viewport: { width: 390, height: 844 } });
    await enterPortal(stack, page, tenant);
    const { body } = await tenant.get(`/v1/webhooks/${tenant.failing}/deliveries`);
    const [delivery] = (body as { deliveries: { id: string }[] }).deliveries;
    const ofWebhook = `webhooks/${tenant.failing}`;
    const details = ['', '/settings', `/deliveries/${delivery!.id}`].map((rest) => `${ofWebhook}${rest}`);
    for (const path of [...pages.map((each) => each.path), ...details]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        if (colorScheme === 'light') await page.goto(url(path));
        await heading(page).waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        // Only colours differ in the dark.
        await assertAccessible(page, colorScheme === 'dark' ? ['color-contrast'] : undefined);
      }
      await assertFits(page);
    }
    // What has no place to break at, in what is refused or not found.
    const long = 'x'.repeat(90);
    for (const path of [`events/${long}`, `event-types?type=${long}`]) {
      await page.goto(url(path));
      await page.getByText(/There is no event/).waitFor();
      await assertFits(page);
    }
    await page.goto(url(`${ofWebhook}/settings`));
    await page.locator('summary').filter({ hasText: 'Transform' }).click();
    await page.getByText('Without a transform the body is the event').waitFor();
    await assertFits(page);
  });

  describe('overview', () => testOverview(() => ({ stack, browser })));
  describe('deliveries', () => testDeliveries(() => ({ stack, browser })));
  describe('keys and activity', () => testKeysAndActivity(() => ({ stack, browser })));
  describe('webhooks', () => testWebhooks(() => ({ stack, browser })));
  describe('the console', () => testConsole(() => ({ stack, browser })));
});
