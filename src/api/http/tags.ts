/** The groups of calls on the page. */
export const tags = {
  Tenants: "The platform's customers",
  'API keys': 'Credentials of programs; each is shown once, when it is created',
  Sessions: 'Browsers in the portal of a tenant, and in the console of the operators',
  'Phone numbers': 'Which tenant has which number, and so gets the events of its calls and messages',
  'Usage and limits': 'What tenants used in a month, and the limits at which they are notified',
  'Event types': 'What a webhook can subscribe to',
  Events: 'What happened; each becomes a delivery for every webhook that subscribes to its type',
  Webhooks: "A tenant's endpoints: url, event types, limits and signing secret",
  Deliveries: 'What was sent to a webhook, with what result, and sending it again',
  Statistics: 'What happened over time: deliveries, attempts and their outcomes, durations, delays',
  Recoveries: 'Sending everything again that a webhook missed, at a pace',
  Messages: 'SMS and MMS: sending them, and the status of those sent and received',
  'Audit log': 'Who changed what, and when',
  Operations: "For the platform's operators: all tenants at a glance",
  Health: 'For probes',
} as const;

export type Tag = keyof typeof tags;
