import { createHmac } from 'node:crypto';
import type { ReceivedRequest } from '../receivers/request-log.js';
import type { Webhook } from '../traffic/tenants.js';
import { allWebhooks, groupBy, type Evidence, type Violation } from './evidence.js';
import { explanationOf } from './explanation.js';

export interface Genuine {
  violations: Violation[];
  checked: number;
  /** Signed while a rotation was under way whose answer was lost: nobody knows the secret. */
  unknownSecret: number;
}

/** From the moment the secret is read for an attempt until its request arrives. */
const slackMs = 10_000;
/** A rotation without an answer may be carried out so much later. */
const unsureMs = 60_000;

/** Both signatures are by the secret of that time, bodies are the same bytes on every attempt, ids stay. */
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
    // What broke off has no body that could be checked; a webhook whose creation had no answer has no known secret.
    if (!request.complete || !webhook) continue;
    const secrets = secretsAt(webhook, request.beganAt);
    const body = evidence.bodies.get(request.bodyHash)!;
    const isSigned = secrets.some((secret) => secret !== undefined && isGenuine(request, body, secret));
    if (isSigned) checked++;
    else if (secrets.includes(undefined)) unknownSecret++;
    else if (!explanationOf(evidence.timeline, request))
      violate(`${request.receiver}: no secret of that time made the signature`, request);
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
        violate(`${first!.receiver}: another event id than at the first attempt`, request);
    }
    if (!row) violate(`${first!.receiver}: a request for a delivery that is not in Postgres`, first!);
    else if (row.eventId !== first!.eventId) violate(`${first!.receiver}: the event id is not the delivery's`, first!);
    // Event ids are unique over all tenants of a run, so one event has one message id.
    const known = messageIds.get(key);
    if (known !== undefined && known !== first!.messageId)
      violate(`${first!.receiver}: another webhook-id than other webhooks got for the event`, first!);
    messageIds.set(key, first!.messageId);
  }
  return { violations, checked, unknownSecret };
}

/** Every secret that may have signed then; undefined among them: one that nobody knows. */
function secretsAt({ secrets }: Webhook, at: number): (string | undefined)[] {
  return secrets
    .filter(({ startedAt, isUnsure }, i) => {
      const next = secrets[i + 1];
      const unsure = isUnsure || next?.isUnsure ? unsureMs : 0;
      return startedAt <= at && at <= (next?.endedAt ?? Infinity) + slackMs + unsure;
    })
    .map(({ value }) => value);
}

/** As docs/verifying-signatures.md tells tenants to check them; not by the product's own code. */
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
