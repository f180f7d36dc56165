// Prints docs/webhook-templates.md: npx tsx scripts/webhook-templates-page.ts > docs/webhook-templates.md
import { pathToFileURL } from 'node:url';
import jsonata from 'jsonata';
import { format, resolveConfig } from 'prettier';
import { findEventType } from '../src/events/event-types.js';
import type { WebhookTemplate } from '../src/webhook-templates/template.js';
import { webhookTemplates } from '../src/webhook-templates/webhook-templates.js';

/** The page as Markdown; the same templates always give the same text. */
export async function renderWebhookTemplatesPage(): Promise<string> {
  const sections: string[] = [];
  for (const template of webhookTemplates) sections.push(await renderTemplate(template));
  const page = `# Webhook templates

<!-- Made by scripts/webhook-templates-page.ts from src/webhook-templates; change those files. -->

A template has the settings for a webhook that posts to a well-known service: messages that people can read in Slack, alerts in PagerDuty, or the events as they are for an automation tool. A name and the url that the service gave you are all that it takes:

\`\`\`bash
curl -s $API/v1/webhooks -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"template": "slack", "url": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"}'
\`\`\`

Then send a test, \`POST /v1/webhooks/:id/test\`. \`{"event_type": "sms.received"}\` shows what another event will look like.

| Template | Service | Url | Requests per minute | Requests per hour |
| --- | --- | --- | --- | --- |
${webhookTemplates.map(renderRow).join('\n')}

- A template sets \`events\`, \`description\`, \`transform\` and the two rate limits, each only if you do not give it yourself. The limits are those that the service documents; where it documents none, there is none (for your own receiver and n8n, the defaults).
- The url must fit the template (400). It is usually all that one needs to post there, so keep it secret.
- What callers and senders wrote cannot mention people, or hide a link behind other words. Long texts are cut. Events of every type give a message that the service accepts, also those of types that are added later.
- \`GET /v1/webhook-templates\` (no key needed) returns all of them, with their \`transform\`. To change the wording, take it from there and set your own with \`PATCH\`. A later version of a template does not change your webhook.
- A new \`url\` in a \`PATCH\` must fit the template too, so that no Slack message goes to Discord. To go to another service, set \`transform\` in the same call (null: the events as they are). Other settings are yours to change; \`template\` goes on to show where they came from.

${sections.join('\n\n')}
`;
  return format(page, { ...(await resolveConfig(import.meta.url)), parser: 'markdown' });
}

function renderRow({ name, title, urlForm, rateLimitPerMinute, rateLimitPerHour }: WebhookTemplate): string {
  return `| [\`${name}\`](#${anchor(title)}) | ${title} | \`${urlForm}\` | ${rateLimitPerMinute ?? '–'} | ${rateLimitPerHour ?? '–'} |`;
}

async function renderTemplate(template: WebhookTemplate): Promise<string> {
  const { title, steps, events, transform } = template;
  const list = steps.map((step, i) => `${i + 1}. ${step.replaceAll('<', '\\<')}`).join('\n');
  const subscribed = events.map((event) => (event === '*' ? 'all (`*`)' : `\`${event}\``)).join(', ');
  const body =
    transform === null
      ? 'The body is the event as it is ([Event types](event-types.md)).'
      : await renderExample(transform, events.includes('sms.received') ? 'sms.received' : 'webhook.failing');
  return `## ${title}\n\n${list}\n\nEvents: ${subscribed}.\n\n${body}`;
}

async function renderExample(transform: string, event: string): Promise<string> {
  const envelope = {
    event,
    event_id: 'an-event-id',
    timestamp: '2025-10-29T12:00:00.000Z',
    data: findEventType(event)?.example,
  };
  const body = JSON.stringify(await jsonata(transform).evaluate(envelope), null, 2);
  return `What it sends for \`${event}\`:\n\n\`\`\`json\n${body}\n\`\`\``;
}

/** The anchor that GitHub makes for a heading. */
const anchor = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(await renderWebhookTemplatesPage());
}
