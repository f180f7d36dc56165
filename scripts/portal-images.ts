/**
 * Takes the pictures of the portal and the console for docs/images: every page, light and dark, on a desktop and on a
 * phone. Builds the portal and plays a tenant's day for it.
 *
 *     npx tsx scripts/portal-images.ts [part of a name]
 */
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { buildPortal } from '../src/dev/portal.js';
import { startTestServers } from '../test/support/servers.js';
import { enterConsole, enterPortal, startBrowser } from '../test/support/browser.js';
import { playDay } from '../test/support/portal-day.js';
import { startStack } from '../test/support/stack.js';

const folder = new URL('../docs/images/', import.meta.url).pathname;
const looks = [
  { name: 'desktop-light', colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  { name: 'desktop-dark', colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

const [wanted = ''] = process.argv.slice(2);

await mkdir(folder, { recursive: true });
await buildPortal();
const servers = await startTestServers();
Object.assign(process.env, servers.env);
const stack = await startStack();
const browser = await startBrowser();
const day = await playDay(stack);
try {
  const { tenant, webhooks, failedDelivery, failedEvent } = day;
  const portal = {
    overview: '',
    webhooks: 'webhooks',
    'new-webhook': 'webhooks/new',
    webhook: `webhooks/${webhooks.archive}`,
    'webhook-settings': `webhooks/${webhooks.warehouse}/settings`,
    deliveries: 'deliveries',
    delivery: `webhooks/${webhooks.archive}/deliveries/${failedDelivery}`,
    events: 'events',
    event: `events/${failedEvent}`,
    'event-types': 'event-types',
    recover: `recover?webhook=${webhooks.archive}`,
    keys: 'keys',
    activity: 'activity',
  };
  const operators = {
    'console-tenants': 'tenants',
    'console-tenant': `tenants/${tenant.tenantId}`,
    'console-receivers': 'receivers',
    'console-search': `search?q=${failedDelivery}`,
    'console-platform': 'platform',
  };
  for (const look of looks) {
    const page = await browser.open(look);
    await enterPortal(stack, page, tenant, { name: 'alice@acme.example' });
    await take(page, '/portal', portal, look.name);
    await enterConsole(stack, page);
    await take(page, '/console', operators, look.name);
    await page.context().close();
  }
} finally {
  await browser.close();
  await day.close();
  await stack.close();
  await servers.stop();
}

async function take(page: Page, base: string, pages: Record<string, string>, look: string): Promise<void> {
  for (const [name, path] of Object.entries(pages)) {
    if (!name.includes(wanted)) continue;
    await page.goto(`${stack.service.url}${base}/${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
    // Charts are drawn after their data is there.
    await delay(500);
    await page.screenshot({ path: `${folder}${name}-${look}.png` });
    console.log(`${name}-${look}.png`);
  }
}
