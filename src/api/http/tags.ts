/** The groups of calls on the page. */
export const tags = {
  Tenants: "The platform's customers",
  'API keys': 'What a program shows to be let in; each is shown once, when it is made',
  'Phone numbers': 'Which tenant has which number: whose calls and messages they are',
  'Usage and limits': 'What tenants used in a month, and when they are told that it becomes much',
  'Event types': 'What a tenant can be told about',
  Events: 'What happened; each becomes a delivery for every webhook that subscribes to its type',
  Webhooks: "A tenant's endpoints: url, event types, limits and signing secret",
  Deliveries: 'What was sent to a webhook, what came of it, and sending it again',
  Messages: 'SMS and MMS: sending, and what became of those sent and received',
  Health: 'For probes',
} as const;

export type Tag = keyof typeof tags;
