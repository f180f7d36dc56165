import assert from 'node:assert/strict';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import chromium from '@sparticuz/chromium';
import type { AxeResults } from 'axe-core';
import {
  chromium as playwright,
  type Browser,
  type BrowserContextOptions,
  type Frame,
  type Page,
} from 'playwright-core';
import { createApiClient, type TenantClient } from './api-client.js';
import type { Stack } from './stack.js';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export interface TestBrowser {
  /** A page of its own, as in a browser that was never here. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /**
   * Closes all pages. Returns what they complained of: errors of scripts, and what the Content-Security-Policy refused.
   */
  closePages(): Promise<string[]>;
  close(): Promise<void>;
}

/** What the tests of all pages share; it is there once they run. */
export interface BrowserTests {
  stack: Stack;
  browser: TestBrowser;
}

/** A real Chromium. It is unpacked into a folder of its own, which goes with it. */
export async function startBrowser(): Promise<TestBrowser> {
  const folder = await mkdtemp(path.join(tmpdir(), 'irisx-browser-'));
  const browser = await launch(folder);
  let complaints: string[] = [];
  return {
    async open(options) {
      const context = await browser.newContext({ timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options });
      context.setDefaultTimeout(45_000);
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        // The answer of a refused call is shown on the page, and checked there.
        const isAnswer = /^Failed to load resource: the server responded/.test(message.text());
        if (message.type() === 'error' && !isAnswer) complaints.push(message.text());
      });
      return page;
    },
    async closePages() {
      const taken = complaints;
      complaints = [];
      for (const context of browser.contexts()) await context.close();
      return taken;
    },
    async close() {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(folder: string): Promise<Browser> {
  const { TMPDIR: before } = process.env;
  process.env['TMPDIR'] = folder;
  try {
    // In a single process, a page that is closed takes the browser with it, and contexts share cookies. Users' browsers have
    // web security.
    const unwanted = ['--single-process', '--disable-web-security'];
    const args = chromium.args.filter((arg) => !unwanted.includes(arg));
    return await playwright.launch({ executablePath: await chromium.executablePath(), args });
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

/** Throws AssertionError with what axe has found on the page, and where. `runOnly`: by these rules alone. */
export async function assertAccessible(page: Page, runOnly?: string[]): Promise<void> {
  await page.evaluate(await readFile(axe, 'utf8'));
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify({ runOnly })})`);
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
  assert.deepEqual(found, [], page.url());
}

/** Nothing is to the right of the window: whoever reads does not scroll to the side. */
export async function assertFits(page: Page | Frame): Promise<void> {
  const tooWide = await page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth === clientWidth) return [];
    const beyond = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > clientWidth);
    return [scrollWidth - clientWidth + ' px', ...beyond.slice(0, 5).map((e) => e.outerHTML.slice(0, 200))];
  })()`);
  assert.deepEqual(tooWide, [], page.url());
}

/** Opens a tenant's portal by a new link. */
export async function enterPortal(stack: Stack, page: Page, tenant: TenantClient, link: object = {}): Promise<void> {
  const { status, body } = await createApiClient(stack).post(`/v1/tenants/${tenant.tenantId}/portal-links`, link);
  assert.equal(status, 201, JSON.stringify(body));
  await page.goto((body as { portal_link: { url: string } }).portal_link.url);
  await page.getByRole('heading', { level: 1 }).waitFor();
}

/** Signs in to the operators' console with the admin key. */
export async function enterConsole(stack: Stack, page: Page): Promise<void> {
  await page.goto(`${stack.service.url}/console/`);
  await page.getByLabel('Admin key').fill(stack.adminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Tenants' }).waitFor();
}
