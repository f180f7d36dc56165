import type { Api } from './api.js';
import type { ReceiverKind } from '../receivers/behaviour.js';

/** What the tenant does with a webhook during the faults. */
export type Role =
  /** Left alone, with a healthy receiver and no limit, to measure how others' troubles affect it. */
  | 'neighbour'
  /** Its receiver responds well and badly by turns. */
  | 'moody'
  /** Has a limit that its events nearly use up, and that is changed. */
  | 'limited'
  /** Is paused and resumed. */
  | 'paused'
  /** Moves between two urls, which at times answer 410; then it is enabled again. */
  | 'moving'
  /** Its secret is rotated. */
  | 'rotating'
  /** Created and deleted. */
  | 'temporary';

export interface WebhookPlan {
  /** Unique; also the path of its url. */
  label: string;
  role: Role;
  events: string[];
  /** Where its url may point; at first to the first one. */
  receivers: { name: string; kind: ReceiverKind }[];
  perMinute: number | null;
  timeoutMs: number;
}

/** A setting that a tenant requested. */
export interface Change<T> {
  value: T;
  startedAt: number;
  endedAt: number;
  /** There was a try without a response, which may have been carried out at any time, even later. */
  isUnsure: boolean;
}

export interface Webhook {
  plan: WebhookPlan;
  tenant: Tenant;
  id: number;
  /** When the response to its creation arrived. */
  createdAt: number;
  deleted?: { startedAt: number; endedAt: number };
  /** Value undefined: the response with the secret was lost. */
  secrets: (Change<string | undefined> & { overlapMs: number })[];
  limits: Change<number | null>[];
  urls: Change<string>[];
  enabled: Change<boolean>[];
  /** Each time the tenant saw that the service had disabled it. */
  disabled: { seenAt: number; reason: string; disabledAt: number; url: string }[];
}

export interface Tenant {
  id: string;
  name: string;
  key: string;
  webhooks: Webhook[];
}

/** Of ten events, how many are of each type. */
const typeWeights: Record<string, number> = {
  'call.completed': 5,
  'call.answered': 2,
  'sms.received': 2,
  'call.dtmf': 1,
};
export const eventTypes = Object.entries(typeWeights).flatMap(([type, weight]) => Array<string>(weight).fill(type));

const tenantNames = ['north', 'east', 'south', 'west'] as const;
/** The share of a limit that its events use up, so that the limit is reached but its queue still drains. */
const limitUse = 0.85;

/** Every tenant has a neighbour and some other webhooks. Every role and kind of receiver occurs at least once. */
export function planWebhooks(eventsPerSecond: number): Record<(typeof tenantNames)[number], WebhookPlan[]> {
  const perMinute = (events: string[]) => {
    const share = events.reduce((sum, type) => sum + (typeWeights[type] ?? 0), 0) / eventTypes.length;
    return Math.ceil((eventsPerSecond * 60 * share) / tenantNames.length / limitUse);
  };
  const webhook = (
    label: string,
    role: Role,
    kind: ReceiverKind,
    events: string[],
    more: Partial<WebhookPlan> = {},
  ): WebhookPlan => ({
    label,
    role,
    events,
    receivers: [{ name: label, kind }],
    perMinute: null,
    timeoutMs: 10_000,
    ...more,
  });
  const limited = (label: string, events: string[]) =>
    webhook(label, 'limited', 'healthy', events, { perMinute: perMinute(events) });
  const neighbour = (label: string) => webhook(label, 'neighbour', 'healthy', ['call.completed', 'call.dtmf']);
  return {
    north: [
      neighbour('neighbour-north'),
      webhook('failing', 'moody', 'failing', ['call.completed']),
      limited('limited', ['call.completed', 'call.answered']),
      webhook('rotating', 'rotating', 'healthy', ['sms.received', 'call.dtmf']),
    ],
    east: [
      neighbour('neighbour-east'),
      webhook('slow', 'moody', 'slow', ['call.answered']),
      webhook('hanging', 'moody', 'hanging', ['sms.received'], { timeoutMs: 5_000 }),
      webhook('paused', 'paused', 'healthy', ['call.completed']),
    ],
    south: [
      neighbour('neighbour-south'),
      webhook('resetting', 'moody', 'resetting', ['call.answered', 'call.dtmf']),
      webhook('second-resetting', 'moody', 'second-resetting', ['sms.received', 'call.completed']),
      webhook('paused-slow', 'paused', 'slow', ['sms.received']),
    ],
    west: [
      neighbour('neighbour-west'),
      limited('limited-few', ['sms.received']),
      webhook('moving', 'moving', 'healthy', ['call.answered', 'call.completed'], {
        receivers: [
          { name: 'moving-a', kind: 'healthy' },
          { name: 'moving-b', kind: 'healthy' },
        ],
      }),
    ],
  };
}

/** The receiver of webhooks that tenants create and delete; each has a path of its own. */
export const temporaryReceiver = { name: 'temporary', kind: 'slow' } as const;

/** Creates tenants, keys and webhooks over the API. */
export async function makeTenants(
  api: Api,
  adminKey: string,
  urls: Readonly<Record<string, string>>,
  eventsPerSecond: number,
): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  for (const [name, plans] of Object.entries(planWebhooks(eventsPerSecond))) {
    const made = await must(api, { key: adminKey, method: 'POST', path: '/v1/tenants', body: { name } });
    const id = made.tenant.id as string;
    const scopes = ['webhooks:read', 'webhooks:write'];
    const path = `/v1/tenants/${id}/api-keys`;
    const { key } = await must(api, { key: adminKey, method: 'POST', path, body: { name: 'faults', scopes } });
    const tenant: Tenant = { id, name, key: key as string, webhooks: [] };
    for (const plan of plans) await makeWebhook(api, tenant, plan, urls);
    tenants.push(tenant);
  }
  return tenants;
}

/**
 * Creates a webhook and adds it to its tenant. If the response is not 201, returns undefined and adds nothing, although
 * the webhook may exist.
 */
export async function makeWebhook(
  api: Api,
  tenant: Tenant,
  plan: WebhookPlan,
  urls: Readonly<Record<string, string>>,
): Promise<Webhook | undefined> {
  const url = `${urls[plan.receivers[0]!.name]}/${plan.label}`;
  const call = await api.call({
    key: tenant.key,
    method: 'POST',
    path: '/v1/webhooks',
    body: {
      url,
      events: plan.events,
      description: plan.label,
      rate_limit_per_minute: plan.perMinute,
      rate_limit_per_hour: null,
      timeout_ms: plan.timeoutMs,
    },
  });
  if (call.status !== 201) return undefined;
  const first = <T>(value: T): Change<T> => ({
    value,
    startedAt: call.startedAt,
    endedAt: call.endedAt,
    isUnsure: false,
  });
  const webhook: Webhook = {
    plan,
    tenant,
    id: call.body.webhook.id as number,
    createdAt: call.endedAt,
    secrets: [{ ...first(call.body.secret as string), overlapMs: 0 }],
    limits: [first(plan.perMinute)],
    urls: [first(url)],
    enabled: [first(true)],
    disabled: [],
  };
  tenant.webhooks.push(webhook);
  return webhook;
}

async function must(api: Api, call: Parameters<Api['call']>[0]) {
  const { status, body } = await api.call(call);
  if (status !== 201) throw new Error(`${call.method} ${call.path} was answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
