import { z } from 'zod';
import { eventTypeNames } from '../events/event-types.js';
import type { WebhookTemplate } from '../webhook-templates/template.js';
import { webhookTemplateNames, webhookTemplates } from '../webhook-templates/webhook-templates.js';
import { defineEndpoint } from './http/endpoint.js';

const limit = (seconds: number) =>
  z
    .int()
    .nullable()
    .meta({ description: `Most requests in any ${seconds} seconds; null: the service documents none`, examples: [60] });

const webhookTemplateSchema = z
  .object({
    name: z.enum(webhookTemplateNames),
    title: z.string().meta({ examples: ['Slack'] }),
    url_pattern: z.string().meta({
      description:
        'A regular expression that the webhook’s `url` must match. What a named group matches is taken out of the url and put into the transform in place of `{{name}}`',
      examples: ['^https://example\\.com/'],
    }),
    events: z.array(z.enum([...eventTypeNames, '*'])).meta({ examples: [['sms.received']] }),
    transform: z
      .string()
      .nullable()
      .meta({ description: 'JSONata that makes the body; null: the service takes any JSON', examples: ['event'] }),
    rate_limit_per_minute: limit(60),
    rate_limit_per_hour: limit(3600),
    steps: z.array(z.string()).meta({ description: 'What a person does', examples: [['Copy the webhook URL.']] }),
  })
  .meta({ id: 'WebhookTemplate', description: 'Settings for a webhook that posts to a well-known service' });

const renderTemplate = (template: WebhookTemplate): z.input<typeof webhookTemplateSchema> => ({
  name: template.name,
  title: template.title,
  url_pattern: template.urlPattern,
  events: [...template.events],
  transform: template.transform,
  rate_limit_per_minute: template.rateLimitPerMinute,
  rate_limit_per_hour: template.rateLimitPerHour,
  steps: [...template.steps],
});

export const webhookTemplateEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/webhook-templates',
    access: 'public',
    operationId: 'listWebhookTemplates',
    tag: 'Webhooks',
    summary: 'List the templates for webhooks to well-known services',
    description: 'All on one page. `POST /v1/webhooks` needs only a `template` and a `url`.',
    responses: {
      200: {
        description: 'The templates',
        schema: z.object({ webhook_templates: z.array(webhookTemplateSchema) }),
      },
    },
    async handle() {
      return { status: 200, body: { webhook_templates: webhookTemplates.map(renderTemplate) } };
    },
  }),
];
