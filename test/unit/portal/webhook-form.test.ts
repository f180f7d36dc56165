import assert from 'node:assert/strict';
import { ApiError } from '../../../portal/src/api/api-error.js';
import { problemAfter, saveProblem } from '../../../portal/src/pages/webhooks/save-problem.js';
import {
  changedInBoth,
  changeOf,
  emptyForm,
  formOfTemplate,
  formOfWebhook,
  newWebhookBody,
  settingsOf,
  withSchedule,
  type WebhookForm,
} from '../../../portal/src/pages/webhooks/webhook-form.js';
import { newWebhookSchema, webhookChangeSchema } from '../../../src/api/webhook-schemas.js';
import type { WebhookTemplate } from '../../../src/client/api-types.js';
import { webhookTemplates } from '../../../src/webhook-templates/webhook-templates.js';
import { shownWebhook } from './shown-webhook.js';

const everything = shownWebhook({
  description: 'Billing',
  headers: { Authorization: '[masked]', 'X-Team': 'a' },
  retry_schedule: [10, 60],
  max_retries: 4,
  rate_limit_per_hour: null,
  ordering: 'key',
  ttl_seconds: { 'call.dtmf': 30, '*': 3600 },
  filter: { 'data.direction': 'inbound' },
  batch: { max_events: 5, max_wait_seconds: 3 },
  fallback_url: 'https://standby.example.com/',
});

/** What is sent when this part of the form of a webhook is changed. */
function change(part: Partial<WebhookForm>, webhook = everything) {
  const before = formOfWebhook(webhook);
  return changeOf(before, { ...before, ...part });
}

describe('the form of a webhook', () => {
  it('gives back the settings that it was filled with', () => {
    const { filter, batch, ...settings } = settingsOf(formOfWebhook(everything));
    assert.deepEqual([filter, batch], [everything.filter, everything.batch]);
    for (const [name, value] of Object.entries(settings))
      assert.deepEqual(value, everything[name as keyof typeof everything], name);
  });

  it('sends nothing when nothing was changed, whatever is masked or cannot be decrypted', () => {
    assert.equal(change({}), null);
    assert.equal(change({}, shownWebhook({ headers: null, unreadable: ['headers'] })), null);
    assert.equal(change({ filter: '{ "data.direction":\n "inbound" }' }), null, 'the same filter, written otherwise');
  });

  it('sends only what was changed', () => {
    assert.deepEqual(change({ description: ' ' }), { description: null });
    assert.deepEqual(change({ ratePerMinute: '' }), { rate_limit_per_minute: null });
    assert.deepEqual(change({ ttl: [] }), { ttl_seconds: null });
    assert.deepEqual(change({ filter: '' }), { filter: null });
    assert.deepEqual(change({ isBatched: false }), { batch: null });
    assert.deepEqual(change({ headers: [{ name: 'X-Team', value: 'b' }] }), { headers: { 'X-Team': 'b' } });
    assert.ok(webhookChangeSchema.safeParse(change({ isOrdered: false, fallbackUrl: '' })).success);
  });

  it('sends the number of retries with a schedule, which would set it otherwise', () => {
    assert.deepEqual(change({ delays: '10, 60, 600' }), { retry_schedule: [10, 60, 600], max_retries: 4 });
    assert.deepEqual(change(withSchedule('patient', '')), { retry_schedule: 'patient', max_retries: 9 });
  });

  it('knows which changed settings somebody else has changed, too, and otherwise', () => {
    const before = formOfWebhook(everything);
    const here = { ...before, events: ['call.dtmf'], description: 'Ours', maxRetries: '1', filter: '{' };
    const elsewhere = { ...before, events: ['sms.sent'], timeoutMs: '5000', maxRetries: '1', filter: '' };
    assert.deepEqual(changedInBoth(before, here, elsewhere), ['events', 'filter']);
    assert.deepEqual(changedInBoth(before, here, before), []);
  });

  it('leaves it to the service to refuse what is not valid', () => {
    assert.deepEqual(change({ delays: '10, x' })?.retry_schedule, [10, 'x']);
    assert.deepEqual(change({ maxRetries: '' }), { max_retries: null });
    assert.throws(() => change({ filter: '{' }), SyntaxError);
  });

  it('makes a body that the service takes, of a new one and of each template', () => {
    const form = { ...emptyForm, url: 'https://example.com/', events: ['call.dtmf'] };
    const body = newWebhookBody(form, { template: null, verify: true });
    assert.ok(newWebhookSchema.safeParse(body).success);
    assert.deepEqual([body.verify, 'template' in body, body.transform], [true, false, null]);
    for (const template of templates) {
      const its = { ...formOfTemplate(template), url: 'https://example.com/' };
      const made = newWebhookBody(its, { template, verify: false });
      assert.ok(newWebhookSchema.safeParse(made).success, template.name);
      assert.deepEqual([made.template, 'transform' in made], [template.name, false], 'the service has its transform');
      assert.equal(newWebhookBody({ ...its, transform: 'data' }, { template, verify: false }).transform, 'data');
    }
  });
});

/** As GET /v1/webhook-templates shows them. */
const templates = webhookTemplates.map(
  (template) =>
    ({
      name: template.name,
      title: template.title,
      events: [...template.events],
      transform: template.transform,
      rate_limit_per_minute: template.rateLimitPerMinute,
      rate_limit_per_hour: template.rateLimitPerHour,
      url_pattern: template.urlPattern,
      steps: [...template.steps],
    }) as WebhookTemplate,
);

describe('why a form could not be saved', () => {
  const before = { ...emptyForm, url: 'ftp://x' };
  const problem = new ApiError('The body is not valid: url, ttl_seconds.call.dtmf.', 400, [
    { path: 'url', message: 'use https' },
    { path: 'ttl_seconds.call.dtmf', message: 'too long' },
  ]);
  const fieldsAfter = (part: Partial<WebhookForm>) =>
    (problemAfter(saveProblem(problem), before, { ...before, ...part }) as ApiError).fields.map(({ path }) => path);

  it('is forgotten of a field that was changed', () => {
    assert.deepEqual(fieldsAfter({ url: 'https://x' }), ['ttl_seconds.call.dtmf']);
    assert.deepEqual(fieldsAfter({ description: 'x' }), ['url', 'ttl_seconds.call.dtmf']);
    const both = { ...before, url: 'https://x', ttl: [{ type: '*', seconds: '1' }] };
    assert.equal(problemAfter(problem, before, both), null);
  });

  it('stays when it is of no field', () => {
    const away = new ApiError('The service cannot be reached.', null);
    assert.equal(problemAfter(saveProblem(away), before, emptyForm), away);
  });

  it('names a filter that is not JSON, until it is changed', () => {
    const refused = saveProblem(new SyntaxError('Unexpected token')) as ApiError;
    assert.deepEqual(
      refused.fields.map(({ path }) => path),
      ['filter'],
    );
    const wrong = { ...before, filter: '{' };
    assert.equal(problemAfter(refused, wrong, { ...wrong, url: 'https://x' }), refused);
    assert.equal(problemAfter(refused, wrong, { ...wrong, filter: '{}' }), null);
  });
});
