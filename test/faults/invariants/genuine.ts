import { createHmac } from 'node:crypto';
import type { ReceivedRequest } from '../receivers/request-log.js';
import type { Webhook } from '../traffic/tenants.js';
import { allWebhooks, groupBy, type Evidence, type Violation } from './evidence.js';
import { explanationOf } from './explanation.js';

export interface Genuine {
  violations: Violation[];
  checked: number;
  /** Requests signed around a rotation whose response was lost, so that nobody knows the secret. */
  unknownSecret: number;
}

/** The most from reading the secret for an attempt until its request arrives. */
const slackMs = 10_000;
/** How much later a rotation without a response may still be carried out. */
const unsureMs = 60_000;

/** Both signatures are made with the secret of that time; bodies and ids are the same on every attempt. */
export function allGenuine(evidence: Evidence): Genuine {
  const violations: Violation[] = [];
  let checked = 0;
  let unknownSecret = 0;
  const violate = (text: string, { deliveryId, beganAt }: ReceivedRequest) =>
    violations.push({
      invariant: 'genuine',
      text: `${text} (delivery ${deliveryId})`,
      deliveryIds: [deliveryId],
      at: { from: beganAt, to: beganAt },
    });

  const webhooks = new Map(allWebhooks(evidence).map((webhook) => [`/${webhook.plan.label}`, webhook]));
  for (const request of evidence.requests) {
    const webhook = webhooks.get(request.path);
    // An incomplete request has no body to check; a webhook whose creation had no response has no known secret.
    if (!request.complete || !webhook) continue;
    const secrets = secretsAt(webhook, request.beganAt);
    const body = evidence.bodies.get(request.bodyHash)!;
    const isSigned = secrets.some((secret) => secret !== undefined && isGenuine(request, body, secret));
    if (isSigned) checked++;
    else if (secrets.includes(undefined)) unknownSecret++;
    else if (!explanationOf(evidence.timeline, request))
      violate(`${request.receiver}: the signature fits no secret of that time`, request);
  }

  const messageIds = new Map<string, string>();
  for (const [, requests] of groupBy(evidence.requests, ({ deliveryId }) => deliveryId)) {
    const [first] = requests;
    const row = evidence.deliveries.get(first!.deliveryId);
    const key = `${row?.eventType} ${first!.eventId}`;
    const bodies = new Set(requests.filter(({ complete }) => complete).map(({ bodyHash }) => bodyHash));
    if (bodies.size > 1) violate(`${first!.receiver}: ${bodies.size} different bodies`, first!);
    for (const request of requests) {
      if (request.messageId !== first!.messageId || request.eventId !== first!.eventId)
        violate(`${first!.receiver}: a different event id than at the first attempt`, request);
    }
    if (!row) violate(`${first!.receiver}: a request for a delivery that is not in Postgres`, first!);
    else if (row.eventId !== first!.eventId) violate(`${first!.receiver}: the event id is not the delivery's`, first!);
    // Event ids are unique over all tenants of a run, so one event has one message id.
    const known = messageIds.get(key);
    if (known !== undefined && known !== first!.messageId)
      violate(`${first!.receiver}: a different webhook-id than other webhooks got for the event`, first!);
    messageIds.set(key, first!.messageId);
  }
  return { violations, checked, unknownSecret };
}

/** Every secret that may have been in use then; undefined stands for one that nobody knows. */
function secretsAt({ secrets }: Webhook, at: number): (string | undefined)[] {
  return secrets
    .filter(({ startedAt, isUnsure }, i) => {
      const next = secrets[i + 1];
      const unsure = isUnsure || next?.isUnsure ? unsureMs : 0;
      return startedAt <= at && at <= (next?.endedAt ?? Infinity) + slackMs + unsure;
    })
    .map(({ value }) => value);
}

/** Verifies as docs/verifying-signatures.md tells tenants to, not with the product's own code. */
function isGenuine(
  { timestamp, signature, messageId, standardSignature }: ReceivedRequest,
  body: string,
  secret: string,
) {
  const guide = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const standard = createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64');
  return signature === `sha256=${guide}` && standardSignature.split(' ').includes(`v1,${standard}`);
}
