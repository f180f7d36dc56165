import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { assertAccessible, enterPortal, type BrowserTests } from '../support/browser.js';
import { startReceiver, type Receiver } from '../support/receiver.js';

/** What a person does on the pages of webhooks. */
export function testWebhooks(tests: () => BrowserTests): void {
  let receiver: Receiver;
  let tenant: TenantClient;
  let page: Page;
  before(async () => {
    receiver = await startReceiver({ body: '{"received":true}' });
  });
  after(() => receiver.close());
  beforeEach(async () => {
    const { stack, browser } = tests();
    tenant = await createTenantClient(stack);
    page = await browser.open();
    await enterPortal(stack, page, tenant);
  });

  const url = (path: string) => `${tests().stack.service.url}/portal/${path}`;
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const section = (title: string) => page.locator('summary').filter({ hasText: title });
  /** The only webhook, as the API shows it. */
  const shown = async () =>
    ((await tenant.get('/v1/webhooks')).body as { webhooks: Record<string, unknown>[] }).webhooks[0]!;

  it('are made with a filter and a transform that are tried while typing, a secret shown once, and a test', async () => {
    await page.goto(url('webhooks'));
    await page.getByText('No webhook yet').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
    await page.getByRole('link', { name: /My own receiver/ }).click();
    await button('Create webhook').click();
    await page.getByText('Choose at least one event type, or all.').waitFor();
    await page.getByRole('checkbox', { name: /^call.completed/ }).check();
    await page.getByText('Choose at least one event type, or all.').waitFor({ state: 'detached' });
    await page.getByLabel('URL', { exact: true }).fill(`${receiver.url}/orders`);

    await section('Filter').click();
    const filter = page.getByLabel('Filter', { exact: true });
    await filter.fill('{"data.duration_seconds": {"$gte": "}');
    await page.getByText(/This is not JSON/).waitFor();
    await filter.fill('{"data.duration_seconds": {"$more": 1}}');
    await page.getByText(/\$more is unknown.*line 1, column 37/).waitFor();
    await filter.fill('{"data.duration_seconds": {"$gte": 1000}}');
    await page.getByText('This event does not match').waitFor();
    await page.getByLabel('data', { exact: true }).fill('{"duration_seconds": 2000}');
    await page.getByText('This event matches').waitFor();
    await section('Transform').click();
    const transform = page.getByLabel('Transform', { exact: true });
    await transform.fill('{\n"seconds": data.duration_seconds');
    await page.getByText(/Expected "}" before end of expression at line 2/).waitFor();
    await transform.fill('{"seconds": data.duration_seconds}');
    await page.getByRole('region', { name: 'Body' }).getByText('"seconds": 2000').waitFor();
    await assertAccessible(page);

    // Twice: a double click makes one webhook.
    await button('Create webhook').dblclick();
    await page.getByRole('heading', { level: 1, name: 'Your webhook is ready' }).waitFor();
    const secret = await page.getByText(/^whsec_/).innerText();
    await assertAccessible(page);
    await button('Send a test event').click();
    await page.getByText(/The receiver answered 200 in/).waitFor();
    await page.getByText('"received": true').waitFor();
    const { filter: stored, transform: its, events } = await shown();
    assert.deepEqual(
      [stored, its, events],
      [{ 'data.duration_seconds': { $gte: 1000 } }, '{"seconds": data.duration_seconds}', ['call.completed']],
    );
    await page.getByRole('link', { name: 'Go to the webhook' }).click();
    await page.getByRole('heading', { name: 'Healthy' }).waitFor();
    assert.equal(await page.getByText(secret).count(), 0);
    await page.goBack();
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await page.getByText(secret).count(), 0);
  });

  it('are made from a template, which says what to do and which url fits', async () => {
    await page.goto(url('webhooks/new'));
    await page.getByRole('link', { name: /Slack/ }).click();
    await page.getByText(/choose "Create New App"/).waitFor();
    await page.getByLabel('URL', { exact: true }).fill('https://example.com/');
    await button('Create webhook').click();
    await page
      .getByText(/does not fit the template "slack"/)
      .first()
      .waitFor();
    await page.getByLabel('URL', { exact: true }).fill('https://hooks.slack.com/services/T0/B0/abc');
    await button('Create webhook').click();
    await page.getByRole('heading', { level: 1, name: 'Your webhook is ready' }).waitFor();
    const { template, description } = await shown();
    assert.deepEqual([template, description], ['slack', 'Slack']);
  });

  it('are paused, resumed, given another secret and deleted on a page of their own', async () => {
    const { id } = await tenant.createWebhook({ url: `${receiver.url}/orders` });
    await page.goto(url(`webhooks/${id}`));
    await button('Pause').click();
    await page.getByRole('heading', { name: 'Paused' }).waitFor();
    assert.equal((await shown())['enabled'], false);
    await button('Resume').first().click();
    await page.getByRole('heading', { name: 'Healthy' }).waitFor();
    await button('Rotate secret').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Rotate secret' }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(/^whsec_/).waitFor();
    await assertAccessible(page);
    await button('Done').click();
    await page.getByText(/^whsec_/).waitFor({ state: 'detached' });
    assert.notEqual((await shown())['previous_secret_expires_at'], null);
    await button('Delete').click();
    await dialog.getByText('pending or held are cancelled').waitFor();
    await dialog.getByRole('button', { name: 'Delete webhook' }).click();
    await page.getByText('No webhook yet').waitFor();
    await page.goto(url(`webhooks/${id}/settings`));
    await page.getByText('There is no such webhook').waitFor();
  });

  it('are resumed before their receiver is verified, which alone sends nothing', async () => {
    const { id } = await tenant.createWebhook({ url: `${receiver.url}/orders`, verify: true, enabled: false });
    await page.goto(url(`webhooks/${id}`));
    await page.getByText('before that nothing is sent, not even a test event').waitFor();
    assert.equal(await button('Send test').isDisabled(), true);
    await button('Resume').first().click();
    await page.getByText('Resumed. What was held is sent when the receiver is verified.').waitFor();
  });

  it('say so before a change replaces what somebody else has set meanwhile', async () => {
    const { id } = await tenant.createWebhook({ url: `${receiver.url}/orders` });
    await page.goto(url(`webhooks/${id}/settings`));
    await page.getByLabel('Description').fill('Mine');
    await tenant.patch(`/v1/webhooks/${id}`, { description: 'Theirs', max_retries: 2 });
    await button('Save').click();
    await page.getByText('Not saved yet. Changed elsewhere meanwhile, too: description.').waitFor();
    await page.getByText('Changed in both places: description.').waitFor();
    assert.equal((await shown())['description'], 'Theirs');
    await button('Save').click();
    await page.getByText('Settings saved').waitFor();
    const { description, max_retries: maxRetries } = await shown();
    assert.deepEqual([description, maxRetries], ['Mine', 2]);
  });

  it('keep the settings that were not changed, and warn before a change is lost', async () => {
    const headers = { Authorization: 'Bearer secret' };
    const { id } = await tenant.createWebhook({ url: `${receiver.url}/orders`, headers });
    await page.goto(url(`webhooks/${id}/settings`));
    await page.getByLabel('Description').fill('Orders');
    await page.getByRole('link', { name: 'Deliveries' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    // Somebody else changes the same webhook.
    await tenant.patch(`/v1/webhooks/${id}`, { max_retries: 2 });
    await section('Limits').click();
    await page.getByLabel('Timeout in milliseconds').fill('1');
    await button('Save').click();
    await page
      .getByText(/expected a whole number from 1000/)
      .first()
      .waitFor();
    await page.getByLabel('Timeout in milliseconds').fill('5000');
    await button('Save').click();
    await page.getByText('Settings saved').waitFor();
    const { description, timeout_ms: timeoutMs, max_retries: maxRetries, headers: kept } = await shown();
    assert.deepEqual([description, timeoutMs, maxRetries, kept], ['Orders', 5000, 2, { Authorization: '[masked]' }]);
    await page.getByRole('link', { name: 'Deliveries' }).click();
    await page.getByRole('heading', { level: 1, name: 'Deliveries' }).waitFor();
  });
}
