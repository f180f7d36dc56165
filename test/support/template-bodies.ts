import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import jsonata from 'jsonata';
import { fitTemplate, webhookTemplates } from '../../src/webhook-templates/webhook-templates.js';

/** A url of each service. */
export const templateUrls: Record<string, string> = {
  slack: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
  'microsoft-teams':
    'https://default00112233.44.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/0123abc/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=Abc-123_x',
  discord: 'https://discord.com/api/webhooks/123456789012345678/abc-DEF_ghi',
  'google-chat': 'https://chat.googleapis.com/v1/spaces/AAAA1234/messages?key=AIza-abc&token=def%3D',
  pagerduty: 'https://events.pagerduty.com/v2/enqueue?routing_key=0123456789abcdef0123456789ABCDEF',
  zapier: 'https://hooks.zapier.com/hooks/catch/1234567/abc123/',
  make: 'https://hook.eu1.make.com/abcdefghijklmnopqrstuvwxyz012345',
  n8n: 'https://acme.app.n8n.cloud/webhook/5e9f2a1c-0b7d-4f6e-9a3b-1c2d3e4f5a6b',
  pipedream: 'https://eo1abc2def3.m.pipedream.net/',
  plain: 'https://example.com/webhooks',
};

// Lengths in UTF-16 units: services count characters in different ways, and this is the longest.
const ajv = addFormats.default(new Ajv2020({ strict: true, allErrors: true, unicode: false, logger: false }));

/** A template that makes a body of its own. */
export interface MadeBody {
  name: string;
  evaluate(envelope: Envelope): Promise<unknown>;
  /** The service's documented format. */
  fits: ValidateFunction;
}

export interface Envelope {
  event: string;
  event_id: string;
  timestamp: string;
  data: Record<string, unknown>;
}

export const madeBodies: readonly MadeBody[] = webhookTemplates.flatMap((template) => {
  const { name, transform } = template;
  const fitted = fitTemplate(template, { url: templateUrls[name] ?? '', transform });
  if (!fitted?.transform) return [];
  const expression = jsonata(fitted.transform);
  const schema = new URL(`../fixtures/webhook-templates/${name}.schema.json`, import.meta.url);
  const fits = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
  // As it is sent: JSONata's results hold more than JSON does.
  return [
    {
      name,
      fits,
      evaluate: async (envelope) => JSON.parse(JSON.stringify(await expression.evaluate(envelope))) as unknown,
    },
  ];
});
