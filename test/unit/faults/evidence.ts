import { createHmac, randomUUID } from 'node:crypto';
import type { AttemptRow, DeliveryRow, Evidence } from '../../faults/invariants/evidence.js';
import type { ReceivedRequest } from '../../faults/receivers/request-log.js';
import { Timeline, type ProcessLife } from '../../faults/timeline.js';
import type { Tenant, Webhook, WebhookPlan } from '../../faults/traffic/tenants.js';

/** A run of one webhook in which all is well, to be spoiled by a test. Times count from `start`. */
export const start = 1_700_000_000_000;
export const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
export const senderPid = 4_711;
const body = '{"event":"call.completed"}';

export interface MadeRun {
  evidence: Evidence & { requests: ReceivedRequest[]; attempts: AttemptRow[]; deliveries: Map<string, DeliveryRow> };
  timeline: Timeline;
  webhook: Webhook;
  sender: ProcessLife;
  /** An event with its delivery, received and logged once, at that time. */
  deliver(atMs: number): { request: ReceivedRequest; attempt: AttemptRow; delivery: DeliveryRow };
  /** One more request of a delivery, and its row. */
  request(delivery: DeliveryRow, atMs: number, more?: Partial<ReceivedRequest>): ReceivedRequest;
  attempt(delivery: DeliveryRow, atMs: number, more?: Partial<AttemptRow>): AttemptRow;
}

export function makeRun(plan: Partial<WebhookPlan> = {}): MadeRun {
  const timeline = new Timeline();
  const sender: ProcessLife = {
    name: 'worker-1',
    number: 1,
    pid: senderPid,
    startedAt: start,
    readyAt: start,
    frozen: [],
  };
  timeline.lives.push(sender);
  const tenant: Tenant = { id: randomUUID(), name: 'north', key: 'key', webhooks: [] };
  const first = <T>(value: T) => ({ value, startedAt: start, endedAt: start, isUnsure: false });
  const webhook: Webhook = {
    plan: {
      label: 'hook',
      role: 'moody',
      events: ['call.completed'],
      receivers: [{ name: 'hook', kind: 'healthy' }],
      perMinute: null,
      timeoutMs: 10_000,
      ...plan,
    },
    tenant,
    id: 1,
    createdAt: start,
    secrets: [{ ...first(secret), overlapMs: 0 }],
    limits: [first(plan.perMinute ?? null)],
    urls: [first('http://127.0.0.1:1/hook')],
    enabled: [first(true)],
    disabled: [],
  };
  tenant.webhooks.push(webhook);
  const accepted: Evidence['accepted'][number][] = [];
  const evidence: MadeRun['evidence'] = {
    timeline,
    tenants: [tenant],
    accepted,
    neverAccepted: [],
    actions: { retries: [], tests: [], counts: {}, surprises: [] },
    quiet: { at: start, pending: 0, held: 0, openRequests: 0 },
    requests: [],
    bodies: new Map([['hash', body]]),
    deliveries: new Map(),
    attempts: [],
    pool: undefined as never,
  };
  const request: MadeRun['request'] = (delivery, atMs, more = {}) => {
    const timestamp = String(Math.floor((start + atMs) / 1_000));
    const messageId = `message of ${delivery.eventId}`;
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const made: ReceivedRequest = {
      receiver: 'hook',
      path: '/hook',
      beganAt: start + atMs,
      endedAt: start + atMs + 10,
      end: 'answered',
      status: 200,
      complete: true,
      deliveryId: delivery.id,
      attempt: 1,
      eventId: delivery.eventId,
      messageId,
      timestamp,
      signature: `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
      standardSignature: `v1,${createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')}`,
      bodyHash: 'hash',
      senderPid,
      connection: 1,
      ofConnection: 1,
      ...more,
    };
    evidence.requests.push(made);
    evidence.requests.sort((a, b) => a.beganAt - b.beganAt);
    return made;
  };
  const attempt: MadeRun['attempt'] = (delivery, atMs, more = {}) => {
    const made: AttemptRow = {
      deliveryId: delivery.id,
      number: 1,
      startedAt: start + atMs - 2,
      durationMs: 12,
      statusCode: 200,
      errorClass: null,
      errorMessage: null,
      ...more,
    };
    evidence.attempts.push(made);
    return made;
  };
  return {
    evidence,
    timeline,
    webhook,
    sender,
    request,
    attempt,
    deliver(atMs) {
      const at = start + atMs;
      const id = randomUUID();
      const eventId = `event-${accepted.length + 1}`;
      const delivery: DeliveryRow = {
        id,
        webhookId: webhook.id,
        eventType: 'call.completed',
        eventId,
        test: false,
        status: 'delivered',
        attemptCount: 1,
        acceptedAs: 'pending',
        createdAt: at - 5,
        dueAt: at - 5,
        nextAttemptAt: null,
        inFlightUntil: null,
        holdsToken: false,
        workflowStartedAt: at - 4,
        finishedAt: at + 15,
      };
      evidence.deliveries.set(id, delivery);
      accepted.push({
        tenant,
        type: 'call.completed',
        eventId,
        firstSentAt: at - 10,
        sentAt: at - 10,
        acceptedAt: at - 5,
        tries: 1,
        deliveries: [{ id, webhookId: webhook.id }],
      });
      return { delivery, request: request(delivery, atMs), attempt: attempt(delivery, atMs) };
    },
  };
}
