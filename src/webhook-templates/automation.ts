import type { WebhookTemplate } from './template.js';

/** Tools that take any JSON: they get the event as it is. */
export const automation: readonly WebhookTemplate[] = [
  {
    name: 'zapier',
    title: 'Zapier',
    urlPattern: String.raw`^https://hooks\.zapier\.com/hooks/catch/[^?#]+`,
    urlForm: 'https://hooks.zapier.com/hooks/catch/…/…/',
    events: ['*'],
    transform: null,
    // 10,000 requests in 5 minutes for each user, of all Zaps:
    // https://help.zapier.com/hc/en-us/articles/29972220283789-Webhooks-by-Zapier-rate-limits
    rateLimitPerMinute: 2000,
    rateLimitPerHour: null,
    steps: [
      'In Zapier, create a Zap with the trigger "Webhooks by Zapier" and the event "Catch Hook".',
      'Copy the webhook URL and use it as url here.',
      'Send a test from here, then choose "Test trigger" in Zapier: the fields of the event can now be used in the next steps.',
    ],
  },
  {
    name: 'make',
    title: 'Make',
    urlPattern: String.raw`^https://hook\.(?:[a-z0-9]+\.)?(?:make\.com|make\.celonis\.com|integromat\.com)/[A-Za-z0-9_-]+`,
    urlForm: 'https://hook.eu1.make.com/…',
    events: ['*'],
    transform: null,
    // 30 requests a second: https://help.make.com/webhooks
    rateLimitPerMinute: 1800,
    rateLimitPerHour: null,
    steps: [
      'In Make, add the module "Webhooks", "Custom webhook" to a scenario, and choose "Add".',
      'Copy the address and use it as url here.',
      'Choose "Redetermine data structure" in Make and send a test from here: Make learns the fields of the event.',
      'Switch the scenario on.',
    ],
  },
  {
    name: 'n8n',
    title: 'n8n',
    urlPattern: String.raw`^https?://[^/?#]+/(?:[^?#]+/)?webhook(?:-test)?/[^?#]+`,
    urlForm: 'https://<your n8n>/webhook/…',
    events: ['*'],
    transform: null,
    // n8n documents no limit; these are the defaults of every webhook.
    rateLimitPerMinute: 60,
    rateLimitPerHour: 1000,
    steps: [
      'In n8n, start a workflow with the node "Webhook", with the HTTP method POST and "Respond: Immediately".',
      'Copy the production URL and use it as url here. It must be reachable from the public internet.',
      'Activate the workflow: before that, n8n answers 404.',
    ],
  },
  {
    name: 'pipedream',
    title: 'Pipedream',
    urlPattern: String.raw`^https://[a-z0-9-]+\.m\.(?:d\.)?pipedream\.net(?:[/?]|$)`,
    urlForm: 'https://….m.pipedream.net',
    events: ['*'],
    transform: null,
    // "An average of 10 requests per second": https://pipedream.com/docs/workflows/limits
    rateLimitPerMinute: 600,
    rateLimitPerHour: null,
    steps: [
      'In Pipedream, create a workflow with the trigger "New HTTP / Webhook Requests".',
      'Copy its URL and use it as url here.',
      'Send a test from here and select it in Pipedream, then deploy the workflow.',
    ],
  },
  {
    name: 'plain',
    title: 'Your own receiver',
    urlPattern: '^https?://',
    urlForm: 'https://…',
    events: ['*'],
    transform: null,
    // The defaults of every webhook.
    rateLimitPerMinute: 60,
    rateLimitPerHour: 1000,
    steps: [
      'Write an endpoint that answers 2xx within 10 seconds, and does long work afterwards.',
      'Check the signature of every request with the secret that is shown once, when the webhook is made.',
      'Expect an event more than once: remember the webhook-id of those that you have handled.',
    ],
  },
];
