import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '../../support/random.js';
import type { Receivers } from '../receivers/receivers.js';
import type { Api, ApiCall } from './api.js';
import type { Load } from './load.js';
import { makeWebhook, temporaryReceiver, type Change, type Role, type Tenant, type Webhook } from './tenants.js';

/** A retry by hand that was requested. */
export interface ManualRetry {
  deliveryId: string;
  force: boolean;
  startedAt: number;
  /** Undefined: no response, so it may be carried out at any time. */
  endedAt: number | undefined;
  status: number | undefined;
}

/** A test event that was answered 202. */
export interface TestEvent {
  webhook: Webhook;
  deliveryId: string;
  sentAt: number;
}

export interface ActionsLog {
  retries: ManualRetry[];
  tests: TestEvent[];
  /** How often each action was done. */
  counts: Record<string, number>;
  /** Responses that no tenant should get. */
  surprises: string[];
}

export interface ActionsDeps {
  api: Api;
  tenants: readonly Tenant[];
  receivers: Receivers;
  load: Load;
  seed: number;
  signal: AbortSignal;
}

const everyMs = [1_000, 5_000] as const;
const checkEveryMs = 3_000;

interface Context extends ActionsDeps {
  log: ActionsLog;
  /** Webhooks whose settings are being changed. One change at a time, so that it is known when each is in force. */
  busy: Set<Webhook>;
}

type Action = (context: Context, random: Random) => Promise<void>;

const actions: Record<string, Action> = {
  pause,
  move,
  respondGone,
  retry,
  rotate,
  sendTest,
  changeLimit,
  useTemporary,
};
/** The actions to deal; some more often than others. */
const deck = [...Object.keys(actions), 'retry', 'retry', 'respondGone'];

/** Runs tenants' actions during the faults, until the signal; resolves when all have ended. */
export async function runActions(deps: ActionsDeps): Promise<ActionsLog> {
  const log: ActionsLog = { retries: [], tests: [], counts: {}, surprises: [] };
  const context: Context = { ...deps, log, busy: new Set() };
  const random = createRandom(deps.seed, 'actions');
  const running: Promise<void>[] = [enableWhatWasDisabled(context)];
  let cards: string[] = [];
  for (let number = 1; ; number++) {
    await sleep(context, random.whole(...everyMs));
    if (deps.signal.aborted) break;
    if (cards.length === 0) cards = random.shuffle(deck);
    const name = cards.pop()!;
    log.counts[name] = (log.counts[name] ?? 0) + 1;
    // Each has a random stream of its own, so that what one draws does not affect the next.
    running.push(actions[name]!(context, createRandom(deps.seed, `action ${number}`)));
  }
  await Promise.all(running);
  return log;
}

async function pause(context: Context, random: Random): Promise<void> {
  const webhook = random.pick(withRole(context, 'paused'));
  const forMs = random.whole(2_000, 20_000);
  await exclusively(context, webhook, async () => {
    await change(context, webhook, webhook.enabled, false, { enabled: false });
    await sleep(context, forMs);
    await change(context, webhook, webhook.enabled, true, { enabled: true });
  });
}

async function move(context: Context, random: Random): Promise<void> {
  const webhook = random.pick(withRole(context, 'moving'));
  await exclusively(context, webhook, async () => {
    const url = otherUrl(context, webhook);
    await change(context, webhook, webhook.urls, url, { url });
  });
}

/**
 * Half of the time the webhook moves away while its receiver says 410: a verdict counts only for the url that gave it.
 */
async function respondGone(context: Context, random: Random): Promise<void> {
  const webhook = random.pick(withRole(context, 'moving'));
  const afterMs = random.whole(0, 3_000);
  const movesAfterMs = random.chance(0.5) ? random.whole(0, 2_500) : undefined;
  const now = webhook.urls.at(-1)!.value;
  const receiver = webhook.plan.receivers.find(({ name }) => now.startsWith(`${context.receivers.urls[name]}/`))!;
  context.receivers.respondGoneOnce(receiver.name, afterMs);
  if (movesAfterMs === undefined) return;
  await sleep(context, movesAfterMs);
  await move(context, random);
}

/** Acts like a tenant whose webhook is disabled: checks now and then, and enables it again. */
async function enableWhatWasDisabled(context: Context): Promise<void> {
  for (;;) {
    await sleep(context, checkEveryMs);
    if (context.signal.aborted) return;
    for (const webhook of withRole(context, 'moving')) await enableIfDisabled(context, webhook);
  }
}

/** Harmless to repeat. */
export async function enableIfDisabled(
  { api, signal }: Pick<Context, 'api' | 'signal'>,
  webhook: Webhook,
): Promise<void> {
  const { tenant, id, urls, disabled, enabled } = webhook;
  const url = urls.at(-1)!.value;
  const { status, body } = await api.call({ key: tenant.key, method: 'GET', path: `/v1/webhooks/${id}` });
  if (status !== 200 || body.webhook.enabled) return;
  const { disabled_reason: reason, disabled_at: at } = body.webhook as {
    disabled_reason: string | null;
    disabled_at: string;
  };
  if (reason !== null) disabled.push({ seenAt: Date.now(), reason, disabledAt: Date.parse(at), url });
  await change({ api, signal }, webhook, enabled, true, { enabled: true });
}

/** Retries a delivery of the last minutes, whatever its status. */
async function retry(context: Context, random: Random): Promise<void> {
  const { api, load, log } = context;
  const event = load.accepted.slice(-300).length > 0 ? random.pick(load.accepted.slice(-300)) : undefined;
  const choices = event?.deliveries.flatMap(({ id, webhookId }) => {
    const webhook = event.tenant.webhooks.find((each) => each.id === webhookId);
    return webhook && webhook.plan.role !== 'neighbour' ? { id, webhook } : [];
  });
  if (!choices || choices.length === 0) return;
  const { id, webhook } = random.pick(choices);
  const force = random.chance(0.5);
  const path = `/v1/webhooks/${webhook.id}/deliveries/${id}/retry`;
  const manualRetry: ManualRetry = {
    deliveryId: id,
    force,
    startedAt: Date.now(),
    endedAt: undefined,
    status: undefined,
  };
  log.retries.push(manualRetry);
  const call = await api.call({ key: webhook.tenant.key, method: 'POST', path, body: { force } });
  if (call.status !== undefined && call.status < 500) manualRetry.endedAt = call.endedAt;
  manualRetry.status = call.status;
  surprised(log, 'retry', call, [202, 404, 409, 429]);
}

async function rotate(context: Context, random: Random): Promise<void> {
  const { api, log, signal } = context;
  const webhook = random.pick(withRole(context, 'rotating'));
  const overlapMs = random.pick([0, 5_000, 60_000]);
  await exclusively(context, webhook, async () => {
    const path = `/v1/webhooks/${webhook.id}/rotate-secret`;
    const body = { overlap_seconds: overlapMs / 1_000 };
    const call = await api.callUntilResponse({ key: webhook.tenant.key, method: 'POST', path, body }, signal);
    const { startedAt, endedAt } = call;
    // A try without a response may have made a secret that nobody knows.
    const wasLost = call.tries > 1 || call.status === undefined;
    if (wasLost) webhook.secrets.push({ value: undefined, startedAt, endedAt, isUnsure: true, overlapMs });
    if (call.status === 200)
      webhook.secrets.push({ value: call.body.secret as string, startedAt, endedAt, isUnsure: wasLost, overlapMs });
    surprised(log, 'rotate', call, [200]);
  });
}

async function sendTest(context: Context, random: Random): Promise<void> {
  const { api, log } = context;
  const webhook = random.pick(context.tenants.flatMap(({ webhooks }) => webhooks.filter(({ deleted }) => !deleted)));
  const path = `/v1/webhooks/${webhook.id}/test`;
  const call = await api.call({ key: webhook.tenant.key, method: 'POST', path, body: {} });
  if (call.status === 202)
    log.tests.push({ webhook, deliveryId: call.body.delivery.id as string, sentAt: call.startedAt });
  // A paused webhook may refuse it, and one that was just deleted is not found.
  surprised(log, 'test', call, [202, 404, 409, 429]);
}

async function changeLimit(context: Context, random: Random): Promise<void> {
  const webhook = random.pick(withRole(context, 'limited'));
  const least = webhook.plan.perMinute!;
  const value = random.pick([least, Math.ceil(least * 1.5), least * 2, null]);
  await exclusively(context, webhook, () =>
    change(context, webhook, webhook.limits, value, { rate_limit_per_minute: value }),
  );
}

async function useTemporary(context: Context, random: Random): Promise<void> {
  const { api, receivers, log, signal } = context;
  const tenant = random.pick(context.tenants);
  const livesMs = random.whole(3_000, 30_000);
  const label = `temporary-${random.whole(0, 999_999_999)}`;
  const plan = {
    label,
    role: 'temporary' as const,
    events: ['call.answered', 'call.completed'],
    receivers: [temporaryReceiver],
    perMinute: null,
    timeoutMs: 10_000,
  };
  const webhook = await makeWebhook(api, tenant, plan, receivers.urls);
  if (!webhook) return;
  await sleep(context, livesMs);
  if (signal.aborted) return;
  webhook.deleted = { startedAt: Date.now(), endedAt: Infinity };
  const path = `/v1/webhooks/${webhook.id}`;
  const call = await api.callUntilResponse({ key: tenant.key, method: 'DELETE', path }, signal);
  if (call.status !== undefined) webhook.deleted.endedAt = call.endedAt;
  // 404: an earlier try without a response deleted it.
  surprised(log, 'delete', call, call.tries > 1 ? [204, 404] : [204]);
}

/** Requests a setting until there is a response, and notes between which times it can have come into force. */
async function change<T>(
  { api, signal, log }: Pick<Context, 'api' | 'signal'> & { log?: ActionsLog },
  webhook: Webhook,
  changes: Change<T>[],
  value: T,
  body: unknown,
): Promise<void> {
  const noted: Change<T> = { value, startedAt: Date.now(), endedAt: Infinity, isUnsure: true };
  changes.push(noted);
  const { key } = webhook.tenant;
  const call = await api.callUntilResponse({ key, method: 'PATCH', path: `/v1/webhooks/${webhook.id}`, body }, signal);
  noted.endedAt = call.endedAt;
  noted.isUnsure = call.tries > 1 || call.status === undefined;
  if (log) surprised(log, 'change', call, [200]);
}

async function exclusively({ busy }: Context, webhook: Webhook, work: () => Promise<void>): Promise<void> {
  if (busy.has(webhook)) return;
  busy.add(webhook);
  try {
    await work();
  } finally {
    busy.delete(webhook);
  }
}

function surprised(log: ActionsLog, what: string, { status, body }: ApiCall, expected: number[]): void {
  if (status === undefined || status >= 500 || expected.includes(status)) return;
  log.surprises.push(`${what} was answered ${status}: ${JSON.stringify(body)}`);
}

const withRole = ({ tenants }: Context, role: Role) =>
  tenants.flatMap(({ webhooks }) => webhooks.filter(({ plan }) => plan.role === role));

function otherUrl({ receivers }: Context, { plan, urls }: Webhook): string {
  const now = urls.at(-1)!.value;
  return plan.receivers.map(({ name }) => `${receivers.urls[name]}/${plan.label}`).find((url) => url !== now)!;
}

const sleep = ({ signal }: Context, ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);
