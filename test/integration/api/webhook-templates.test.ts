import assert from 'node:assert/strict';
import { webhookTemplates } from '../../../src/webhook-templates/webhook-templates.js';
import { templateUrls } from '../../support/template-bodies.js';
import { createTenant, startApi, type Api, type TestTenant } from './fixture.js';

describe('webhook templates', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  beforeEach(async () => void (tenant = await createTenant(api)));
  after(() => api.close());

  const create = (body: Record<string, unknown>) => tenant.call('POST', '/v1/webhooks', { body });
  const patch = (id: number, body: Record<string, unknown>) => tenant.call('PATCH', `/v1/webhooks/${id}`, { body });
  const slackUrl = templateUrls.slack;

  it('are listed without a key', async () => {
    const { status, body } = await api.call('GET', '/v1/webhook-templates', { key: null });
    assert.equal(status, 200);
    const names = body.webhook_templates.map(({ name }: { name: string }) => name);
    assert.deepEqual(
      names,
      webhookTemplates.map(({ name }) => name),
    );
    const { transform, steps, ...rest } = body.webhook_templates[0];
    assert.match(transform, /"blocks": \[/);
    assert.equal(steps.length, 4);
    assert.deepEqual(rest, {
      name: 'slack',
      title: 'Slack',
      url_pattern: '^https://hooks\\.slack(?:-gov)?\\.com/services/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9]+$',
      events: webhookTemplates[0]?.events,
      rate_limit_per_minute: 60,
      rate_limit_per_hour: null,
    });
  });

  for (const template of webhookTemplates.filter(({ name }) => name !== 'pagerduty')) {
    it(`need nothing but their name and a url: ${template.name}`, async () => {
      const url = templateUrls[template.name];
      const { status, body } = await create({ template: template.name, url });
      assert.equal(status, 201);
      const { webhook } = (await tenant.call('GET', `/v1/webhooks/${body.webhook.id}`)).body;
      assert.equal(webhook.template, template.name);
      assert.equal(webhook.url, url);
      assert.deepEqual(webhook.events, template.events);
      assert.equal(webhook.description, template.title);
      assert.equal(webhook.transform, template.transform);
      assert.equal(webhook.rate_limit_per_minute, template.rateLimitPerMinute);
      assert.equal(webhook.rate_limit_per_hour, template.rateLimitPerHour);
      assert.equal(webhook.max_retries, 5);
    });
  }

  it('move the routing key of PagerDuty from the url to where PagerDuty expects it', async () => {
    const { status, body } = await create({ template: 'pagerduty', url: templateUrls.pagerduty });
    assert.equal(status, 201);
    assert.equal(body.webhook.url, 'https://events.pagerduty.com/v2/enqueue');
    assert.match(body.webhook.transform, /"routing_key": "0123456789abcdef0123456789ABCDEF"/);
  });

  it('leave alone what is given', async () => {
    const given = { events: ['sms.received'], description: null, rate_limit_per_minute: 5, rate_limit_per_hour: 100 };
    const { body } = await create({ template: 'slack', url: slackUrl, ...given });
    const { events, description, rate_limit_per_minute, rate_limit_per_hour, template } = body.webhook;
    assert.deepEqual({ events, description, rate_limit_per_minute, rate_limit_per_hour }, given);
    assert.equal(template, 'slack');
  });

  it('check the url, and say what they expect', async () => {
    const { status, body } = await create({ template: 'slack', url: 'https://example.com/webhooks' });
    assert.equal(status, 400);
    assert.deepEqual(body.errors, [
      {
        path: 'url',
        message:
          'does not fit the template "slack": expected https://hooks.slack.com/services/T…/B…/…. For another url, leave the template out',
      },
    ]);
  });

  it('check the url in its normal form', async () => {
    const url = templateUrls['microsoft-teams']!.replace('.com/', '.com:443/').replace('https', 'HTTPS');
    const { status, body } = await create({ template: 'microsoft-teams', url });
    assert.equal(status, 201);
    assert.equal(body.webhook.url, templateUrls['microsoft-teams']);
  });

  it('do not let a url to a private network through', async () => {
    for (const name of ['plain', 'n8n']) {
      const { status, body } = await create({ template: name, url: 'https://127.0.0.1/webhook/x' });
      assert.equal(status, 400);
      assert.match(body.errors[0].message, /127\.0\.0\.1/);
    }
  });

  it('are refused by a name that is not in the list, which the error shows', async () => {
    const { status, body } = await create({ template: 'Slack', url: slackUrl });
    assert.equal(status, 400);
    assert.equal(body.errors[0].path, 'template');
    assert.match(body.errors[0].message, /slack, microsoft-teams, .*, plain/);
  });

  it('cannot be changed afterwards', async () => {
    const { id } = (await create({ template: 'slack', url: slackUrl })).body.webhook;
    const { status, body } = await patch(id, { template: 'discord' });
    assert.equal(status, 400);
    assert.equal(body.errors[0].path, 'template');
  });

  it('stay shown when other settings change', async () => {
    const { id } = (await create({ template: 'slack', url: slackUrl })).body.webhook;
    const change = { url: `${slackUrl}x`, events: ['*'] };
    const { status, body } = await patch(id, change);
    assert.equal(status, 200);
    assert.equal(body.webhook.template, 'slack');
    assert.equal(body.webhook.url, change.url);
  });

  it('check a new url too, unless the body changes with it', async () => {
    const { id } = (await create({ template: 'slack', url: slackUrl })).body.webhook;
    const url = templateUrls.discord;
    const { status, body } = await patch(id, { url });
    assert.equal(status, 400);
    assert.deepEqual(body.errors, [
      {
        path: 'url',
        message:
          'does not fit the template "slack": expected https://hooks.slack.com/services/T…/B…/…. For another service, set "transform" in the same call',
      },
    ]);
    const { webhook } = (await patch(id, { url, transform: '{"content": event}' })).body;
    assert.deepEqual([webhook.url, webhook.transform], [url, '{"content": event}']);
    assert.equal((await patch(id, { url, max_retries: 3 })).status, 200, 'it has this url');
  });

  it('move the new routing key of PagerDuty to where the old one is', async () => {
    const { webhook } = (await create({ template: 'pagerduty', url: templateUrls.pagerduty })).body;
    const key = 'k'.repeat(32);
    const url = `https://events.eu.pagerduty.com/v2/enqueue?routing_key=${key}`;
    const changed = (await patch(webhook.id, { url })).body.webhook;
    assert.equal(changed.url, 'https://events.eu.pagerduty.com/v2/enqueue');
    assert.equal(changed.transform, webhook.transform.replace('0123456789abcdef0123456789ABCDEF', key));

    const mine = { transform: '{"routing_key": "{{routing_key}}", "event_action": "trigger"}' };
    assert.match((await patch(webhook.id, { url, ...mine })).body.webhook.transform, /"routing_key": "k{32}"/);
    const refused = await patch(webhook.id, { url });
    assert.equal(refused.status, 400);
    assert.match(refused.body.errors[0].message, /belongs in the transform.*set "transform" in the same call/);
  });

  it('are not needed, but then the events are', async () => {
    const { status, body } = await create({ url: slackUrl });
    assert.equal(status, 400);
    assert.equal(body.errors[0].path, 'events');
    const without = await create({ url: slackUrl, events: ['*'] });
    assert.equal(without.body.webhook.template, null);
    assert.equal(without.body.webhook.transform, null);
  });
});
