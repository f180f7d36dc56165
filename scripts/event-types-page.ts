// Prints docs/event-types.md: npx tsx scripts/event-types-page.ts > docs/event-types.md
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describeEventTypes } from '../src/events/event-types.js';
import type { EventType, EventTypeDescription } from '../src/events/event-types.js';
import { describeFieldType, schemaAt } from '../src/events/field-type.js';

const exampleCall = '4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4';
const exampleMessage = 'SM1234567890abcdef1234567890abcdef';

const exampleEventIds: Record<EventType, string> = {
  'call.initiated': exampleCall,
  'call.answered': exampleCall,
  'call.completed': exampleCall,
  'call.dtmf': `${exampleCall}_dtmf_1`,
  'call.recording.completed': `recording_${exampleCall}_1`,
  'sms.sent': exampleMessage,
  'sms.received': exampleMessage,
  'sms.delivered': `${exampleMessage}_status`,
  'sms.failed': `${exampleMessage}_status`,
  'tenant.limit.warning': 'limit_warning_0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a_call_minutes_2025-10_1000',
  'tenant.limit.reached': 'limit_reached_0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a_call_minutes_2025-10_1000',
  'phone_number.assigned': 'phone_0199f2b5-11d7-7b0c-8a3e-2f60c4d19e77_assigned',
  'webhook.failing': 'webhook_123_health_0199f2b6-3c1e-7a52-9d07-5b8e2f4a6c10',
  'webhook.recovered': 'webhook_123_health_0199f2b8-0d44-7e61-8f3a-1c9d7b5e2a40',
  'webhook.disabled': 'webhook_123_health_0199f2ba-71a3-7c08-b2e5-6a4f9c1d8e30',
  'webhook.test': '0199c8f2-7a3e-7c41-b5d0-3f6e9a1c2b84',
};

/** The page as Markdown; the same catalogue always gives the same text. */
export async function renderEventTypesPage(): Promise<string> {
  const types = describeEventTypes();
  const page = `# Event types

<!-- Made by scripts/event-types-page.ts from src/events/event-types.ts and payloads.ts; change those files. -->

The body of every delivery is a JSON object \`{event, event_id, timestamp, data}\`: the event type, the event's ID (any text, unique within the event type), the time at which it happened (RFC 3339), and the fields listed on this page. New fields may be added at any time, so ignore fields that you do not know.

| Event type | Meaning |
| --- | --- |
${types.map(({ name, description }) => `| [\`${name}\`](#${anchor(name)}) | ${description} |`).join('\n')}

${types.map(renderEventType).join('\n\n')}
`;
  return format(page, { ...(await resolveConfig(import.meta.url)), parser: 'markdown' });
}

function renderEventType(type: EventTypeDescription): string {
  const body = {
    event: type.name,
    event_id: exampleEventIds[type.name],
    timestamp: eventTime(type.example),
    data: type.example,
  };
  const fields = Object.keys(type.schema.properties ?? {});
  return `## ${type.name}

${type.description}${numbered(type)}

| Field | Type | Required | Meaning |
| --- | --- | --- | --- |
${fields.map((field) => renderField(type, field)).join('\n')}

\`\`\`json
${JSON.stringify(body, null, 2)}
\`\`\``;
}

const numbered = ({ ordering_key: key }: EventTypeDescription): string =>
  key ? ` Numbered by \`${key}\` (see [Order](delivery.md#order)).` : '';

function renderField({ schema }: EventTypeDescription, name: string): string {
  const field = schemaAt(schema, [name]);
  const required = schema.required?.includes(name) ? 'yes' : 'no';
  const cells = [`\`${name}\``, describeFieldType(field), required, field.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The event's time as in its payload, since a different time in the envelope would mislead. */
function eventTime(example: Record<string, unknown>): unknown {
  const { ended_at, answered_at, received_at, created_at, assigned_at, since, timestamp } = example;
  return (
    ended_at ??
    answered_at ??
    received_at ??
    created_at ??
    assigned_at ??
    since ??
    timestamp ??
    '2025-10-29T12:00:00.000Z'
  );
}

/** The anchor that GitHub makes for a heading. */
function anchor(heading: string): string {
  return heading.replaceAll('.', '');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(await renderEventTypesPage());
}
