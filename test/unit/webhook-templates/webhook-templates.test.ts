import assert from 'node:assert/strict';
import jsonata from 'jsonata';
import {
  findWebhookTemplate,
  fitTemplate,
  webhookTemplateNames,
  webhookTemplates,
} from '../../../src/webhook-templates/webhook-templates.js';
import { templateUrls } from '../../support/template-bodies.js';

const fit = (name: string, url: string, transform: string | null = null) => {
  const template = findWebhookTemplate(name);
  assert.ok(template, name);
  return fitTemplate(template, { url, transform });
};

describe('webhook templates', () => {
  it('have the names that tenants use', () => {
    assert.deepEqual(webhookTemplateNames, [
      ...['slack', 'microsoft-teams', 'discord', 'google-chat', 'pagerduty'],
      ...['zapier', 'make', 'n8n', 'pipedream', 'plain'],
    ]);
    assert.equal(findWebhookTemplate('Slack'), undefined);
  });

  for (const { name, transform, urlForm, steps } of webhookTemplates) {
    it(`${name}: its transform is a JSONata expression of at most 8 KB, and its steps are sentences`, () => {
      if (transform !== null) {
        jsonata(transform);
        assert.ok(Buffer.byteLength(transform) <= 8192, `${Buffer.byteLength(transform)} bytes`);
      }
      assert.ok(urlForm.startsWith('https://'));
      for (const step of steps) assert.match(step, /^[A-Z].*\.$/);
    });

    it(`${name}: takes a url of the service`, () => {
      assert.ok(fit(name, templateUrls[name] ?? ''));
    });
  }

  const others: [name: string, url: string][] = [
    ['slack', 'https://hooks.slack-gov.com/services/T0/B0/x'],
    [
      'microsoft-teams',
      'https://prod-12.westeurope.logic.azure.com/workflows/0a1b/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers&sv=1.0&sig=x',
    ],
    ['discord', 'https://canary.discord.com/api/v10/webhooks/1/x?thread_id=2'],
    ['discord', 'https://discordapp.com/api/webhooks/1/x'],
    ['google-chat', 'https://chat.googleapis.com/v1/spaces/A/messages?messageReplyOption=REPLY&key=a&token=b'],
    ['pagerduty', `https://events.eu.pagerduty.com/v2/enqueue?routing_key=R${'0'.repeat(31)}`],
    ['zapier', 'https://hooks.zapier.com/hooks/catch/1/x/silent/'],
    ['make', 'https://hook.us2.make.com/x'],
    ['make', 'https://hook.eu1.make.celonis.com/x'],
    ['n8n', 'https://example.com/n8n/webhook-test/x'],
    ['pipedream', 'https://eo1.m.pipedream.net/path?query=1'],
  ];
  for (const [name, url] of others) {
    it(`${name}: takes ${url.slice(0, 60)} too`, () => {
      assert.deepEqual(fit(name, url)?.transform, null);
    });
  }

  const wrong: [name: string, url: string][] = [
    ['slack', 'https://hooks.slack.com/triggers/T0/1/x'],
    ['slack', 'https://hooks.slack.com.evil.example/services/T0/B0/x'],
    ['slack', 'https://evil.example/?https://hooks.slack.com/services/T0/B0/x'],
    ['slack', 'https://hooksXslack.com/services/T0/B0/x'],
    ['microsoft-teams', 'https://acme.webhook.office.com/webhookb2/x/IncomingWebhook/y/z'],
    [
      'microsoft-teams',
      'https://prod-12.westeurope.logic.azure.com/workflows/0a1b/triggers/manual/paths/invoke?api-version=1',
    ],
    ['microsoft-teams', 'https://evil.example/a.logic.azure.com/workflows/0/paths/invoke?sig=x'],
    ['discord', 'https://discord.com/api/webhooks/1/x/slack'],
    ['discord', 'https://discord.com/channels/1/2'],
    ['google-chat', 'https://chat.googleapis.com/v1/spaces/A/messages'],
    ['pagerduty', 'https://events.pagerduty.com/v2/enqueue'],
    ['pagerduty', 'https://events.pagerduty.com/v2/enqueue?routing_key=short'],
    ['pagerduty', `https://events.pagerduty.com/v2/enqueue?routing_key=${'"'.repeat(32)}`],
    ['zapier', 'https://zapier.com/app/zaps'],
    ['make', 'https://eu1.make.com/123/scenarios'],
    ['n8n', 'https://example.com/hooks/x'],
    ['pipedream', 'https://pipedream.com/@me/x'],
    ['pipedream', 'https://x.m.pipedream.net.evil.example/'],
  ];
  for (const [name, url] of wrong) {
    it(`${name}: does not take ${url.slice(0, 80)}`, () => {
      assert.equal(fit(name, url), undefined);
    });
  }

  it('keep the url and the transform as they are where nothing has to be moved', () => {
    const url = templateUrls.slack!;
    assert.deepEqual(fit('slack', url, '{"text": event}'), { url, transform: '{"text": event}' });
  });

  it('move the routing key of PagerDuty from the url into the transform, also into one that the tenant wrote', () => {
    const url = 'https://events.pagerduty.com/v2/enqueue';
    const key = '0123456789abcdef0123456789ABCDEF';
    const given = `${url}?routing_key=${key}`;
    const { transform } = findWebhookTemplate('pagerduty')!;
    const fitted = fit('pagerduty', given, transform);
    assert.equal(fitted?.url, url);
    assert.ok(fitted.transform?.includes(`"routing_key": "${key}"`));
    assert.doesNotMatch(fitted.transform ?? '', /\{\{/);
    assert.deepEqual(fit('pagerduty', given, '{"k": "{{routing_key}}"}'), { url, transform: `{"k": "${key}"}` });
  });
});
