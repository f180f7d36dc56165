import assert from 'node:assert/strict';
import { createTenantClient } from '../support/api-client.js';
import { assertAccessible, enterConsole, enterPortal, type BrowserTests } from '../support/browser.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

/** What a person does on the pages Deliveries, a delivery and Recover. */
export function testDeliveries(tests: () => BrowserTests): void {
  let receiver: Receiver;
  beforeEach(async () => (receiver = await startReceiver()));
  afterEach(() => receiver.close());

  const url = (path: string) => `${tests().stack.service.url}/portal/${path}`;

  /** A tenant whose receiver has answered 500 to so many events, and is repaired now. */
  async function afterOutage(events: number) {
    const { stack, browser } = tests();
    receiver.respond = { status: 500, body: '{"error":"out of paper"}' };
    const tenant = await createTenantClient(stack);
    const { id, secret } = await tenant.createWebhook({ url: `${receiver.url}/orders`, max_retries: 0 });
    for (let event = 0; event < events; event++) await tenant.trigger({ event_id: `call-${event}` });
    const failed = async () => (await tenant.webhook(id)).webhook.failed_deliveries === events;
    await waitFor(failed, { what: `${events} deliveries to fail` });
    receiver.respond = 200;
    const page = await browser.open();
    return { stack, tenant, page, webhookId: id, secret };
  }

  it('finds out why an event did not arrive, checks the secret, and sends it again', async () => {
    const { stack, tenant, page, secret } = await afterOutage(1);
    await enterPortal(stack, page, tenant);
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    await page.getByLabel('Status').selectOption('failed');
    await page.waitForURL(url('deliveries?status=failed'));
    await page.getByRole('link', { name: 'call.completed' }).click();
    await page.getByText('Not delivered: the receiver answered 500 Internal Server Error.').waitFor();
    await page.getByRole('region', { name: 'Answer of attempt 1' }).getByText('"out of paper"').waitFor();
    await page.getByLabel('Does your receiver have the right secret?').fill(secret);
    await page.getByText('This is the secret that signed the request.').waitFor();
    await page.getByText(String(receiver.requests[0]!.headers['x-irisx-signature'])).waitFor();
    await assertAccessible(page);
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('Delivered: the receiver answered 200 OK').waitFor();
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await page.getByText('Attempt 3', { exact: true }).waitFor();
    assert.equal(receiver.requests.length, 3);
  });

  it('shows new deliveries as they come, but moves no row under the pointer', async () => {
    const { stack, tenant, page } = await afterOutage(1);
    await enterPortal(stack, page, tenant);
    await page.goto(url('deliveries'));
    const rows = page.getByRole('row').filter({ has: page.getByRole('link') });
    await rows.getByText('call-0').hover();
    await tenant.trigger({ event_id: 'live' });
    await page.getByText('1 new delivery: shown when you leave the list.').waitFor();
    assert.equal(await rows.count(), 1);
    await page.mouse.move(0, 0);
    await rows.first().getByText('live', { exact: true }).waitFor();
    await page.getByRole('searchbox', { name: 'Event id' }).fill('call-1');
    await page.keyboard.press('Enter');
    await page.getByText('No delivery fits these filters.').waitFor();
  });

  it('counts what a webhook missed, sends it again, and shows how far that is', async () => {
    const { stack, tenant, page, webhookId } = await afterOutage(3);
    await enterPortal(stack, page, tenant);
    await page.goto(url(`recover?webhook=${webhookId}`));
    assert.equal(await page.getByRole('button', { name: 'Send again' }).count(), 0, 'it is counted first');
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('3 deliveries would be sent again.').waitFor();
    await page.getByRole('button', { name: 'Send again' }).dblclick();
    const row = page.getByRole('row').filter({ hasText: 'Completed' });
    await row.waitFor();
    assert.deepEqual((await row.getByRole('cell').allInnerTexts()).slice(1, 4), ['3', '3', '0']);
    assert.equal(receiver.requests.length, 6);
    await assertAccessible(page);
  });

  it('cancels a recovery that is running: what is on its way is still delivered', async () => {
    const { stack, tenant, page, webhookId } = await afterOutage(3);
    await tenant.patch(`/v1/webhooks/${webhookId}`, { rate_limit_per_minute: 1 });
    await enterPortal(stack, page, tenant);
    await page.goto(url(`recover?webhook=${webhookId}`));
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('At the webhook’s rate limit that takes').waitFor();
    await page.getByRole('button', { name: 'Send again' }).click();
    const running = page.locator('section', { has: page.getByRole('heading', { name: 'A recovery is running' }) });
    await running.getByText('In all').locator('..').getByText('3', { exact: true }).waitFor();
    await assertAccessible(page);
    await running.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the recovery' }).click();
    await page.getByRole('row').filter({ hasText: 'Cancelled' }).waitFor();
    assert.equal(await running.count(), 0);
    const { body } = await tenant.get(`/v1/webhooks/${webhookId}/recoveries`);
    assert.equal((body as { recoveries: { status: string }[] }).recoveries[0]?.status, 'cancelled');
  });

  it('keeps both of two filters that are changed before the page has shown the first', async () => {
    const { stack, tenant, page, webhookId } = await afterOutage(1);
    await enterPortal(stack, page, tenant);
    await page.goto(url('deliveries'));
    await page.getByRole('row').getByText('call-0').waitFor();
    const [status, webhook] = [page.getByLabel('Status'), page.getByLabel('Webhook')];
    const values = ['failed', String(webhookId)];
    const selects = await Promise.all([status, webhook].map((select) => select.elementHandle()));
    await page.evaluate(
      ([selects, values]) => {
        for (const [i, select] of (selects as unknown as (EventTarget & { value: string })[]).entries()) {
          select.value = values[i]!;
          select.dispatchEvent(new Event('change', { bubbles: true }));
        }
      },
      [selects, values] as const,
    );
    await page.waitForURL(url(`deliveries?status=failed&webhook=${webhookId}`));
    // The url changes a moment before the page does.
    const areShown = async () =>
      (await status.inputValue()) === values[0] && (await webhook.inputValue()) === values[1];
    await waitFor(areShown, { what: 'both filters to be shown' });
  });

  it('keeps what it shows while the service cannot answer, says so, and goes on by itself', async () => {
    const { stack, tenant, page } = await afterOutage(1);
    await enterPortal(stack, page, tenant);
    await page.goto(url('deliveries'));
    await page.getByRole('row').getByText('call-0').waitFor();
    const detail = 'The database does not answer. Try again in a moment.';
    const problem = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ detail }) };
    await page.route('**/v1/**', (route) => route.fulfill(problem));
    await page.getByRole('alert').getByText(detail).waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    assert.equal(await page.getByRole('row').getByText('call-0').count(), 1);
    await assertAccessible(page);
    await page.unroute('**/v1/**');
    await page.getByRole('alert').waitFor({ state: 'detached' });

    let asked = 0;
    await page.route('**/v1/audit-log*', (route) => (++asked > 3 ? route.fallback() : route.fulfill(problem)));
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByRole('alert').getByText(detail).waitFor();
    assert.ok(asked <= 3, 'said before the last repetition');
    await page.getByRole('listitem').filter({ hasText: 'created webhook' }).waitFor();
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    await tenant.trigger({ event_id: 'after' });
    await page.getByRole('row').getByText('after', { exact: true }).waitFor();
  });

  it('hides a tenant’s content from an operator until the audit log says who looked', async () => {
    const { stack, tenant, page, webhookId } = await afterOutage(1);
    await enterConsole(stack, page);
    const { body } = await tenant.get(`/v1/webhooks/${webhookId}/deliveries`);
    const [{ id }] = (body as { deliveries: [{ id: string }] }).deliveries;
    const pages = `${stack.service.url}/console/tenants/${tenant.tenantId}`;
    await page.goto(`${pages}/webhooks/${webhookId}/deliveries/${id}`);
    await page.getByText('Hidden. Showing it is recorded in the audit log.').waitFor();
    assert.equal(await page.getByText('out of paper').count(), 0);
    await assertAccessible(page);
    await page.getByRole('button', { name: 'Show it' }).click();
    await page.getByText('"out of paper"').waitFor();
    const { body: log } = await tenant.get('/v1/audit-log?action=delivery.revealed');
    assert.equal((log as { entries: { subject: { id: string } }[] }).entries[0]?.subject.id, id);
  });
}
