import type { ReceivedRequest } from '../receivers/request-log.js';
import type { Change, Webhook } from '../traffic/tenants.js';
import { allWebhooks, groupBy, type Evidence, type Violation } from './evidence.js';
import { explanationOf } from './explanation.js';

/** A request may be in flight when the setting changes: its token was taken at most this long before it arrives. */
const underWayMs = 10_000;
const unsureMs = 60_000;

/** Nothing new is sent to a webhook that is paused or deleted, and only a url that answered 410 disables its webhook. */
export function settingsApplied(evidence: Evidence): Violation[] {
  const byPath = groupBy(evidence.requests, ({ path }) => path);
  const tests = new Set(evidence.actions.tests.map(({ deliveryId }) => deliveryId));
  return allWebhooks(evidence).flatMap((webhook) => {
    const requests = byPath.get(`/${webhook.plan.label}`) ?? [];
    return [
      ...requests
        // Tests are allowed: a tenant uses them to find out whether to resume.
        .filter((request) => !tests.has(request.deliveryId) && isUnwanted(webhook, request.beganAt))
        .filter((request) => !explanationOf(evidence.timeline, request))
        .map((request) => violation(`${webhook.plan.label}: sent while it was paused or deleted`, request)),
      ...wronglyDisabled(webhook, requests),
    ];
  });
}

function isUnwanted({ deleted, enabled }: Webhook, at: number): boolean {
  if (deleted && at > deleted.endedAt + underWayMs) return true;
  return enabled.some(({ value, endedAt, isUnsure }, i) => {
    const next = enabled[i + 1];
    if (value || isUnsure) return false;
    // An earlier call that had no response may have resumed it meanwhile.
    const isSure = !enabled.slice(0, i).some((before) => before.isUnsure && before.endedAt > endedAt - unsureMs);
    return isSure && at > endedAt + underWayMs && at < (next?.startedAt ?? Infinity);
  });
}

/** A verdict counts for the url that gave it. */
function wronglyDisabled(webhook: Webhook, requests: ReceivedRequest[]): Violation[] {
  return webhook.disabled
    .filter(({ disabledAt }) => {
      const urls = urlsAt(webhook, disabledAt);
      // The record may have had to wait for Postgres, so the 410 may be from any earlier time.
      const gone = requests.filter(({ status, endedAt }) => status === 410 && endedAt <= disabledAt + 1_000);
      const last = gone.at(-1);
      return !last || !urls.has(last.receiver);
    })
    .map(({ disabledAt, reason, url }) => ({
      invariant: 'disabled',
      text: `${webhook.plan.label} with ${url} was disabled ("${reason}"), but its url had not answered 410`,
      deliveryIds: requests
        .filter(({ status }) => status === 410)
        .slice(-1)
        .map(({ deliveryId }) => deliveryId),
      at: { from: disabledAt, to: disabledAt },
    }));
}

/** Names of the receivers that its url may have pointed to then. */
function urlsAt({ urls, plan }: Webhook, at: number): Set<string> {
  const inForce = urls.filter(({ startedAt, isUnsure }, i) => {
    const next: Change<string> | undefined = urls[i + 1];
    return startedAt <= at && at <= (next?.endedAt ?? Infinity) + (isUnsure || next?.isUnsure ? unsureMs : 500);
  });
  // Receivers in the order of their urls: a webhook is created with the first one.
  const known = [...new Set(urls.map(({ value }) => value))];
  return new Set(inForce.map(({ value }) => plan.receivers[known.indexOf(value)]?.name ?? ''));
}

const violation = (text: string, { deliveryId, beganAt }: ReceivedRequest): Violation => ({
  invariant: 'settings',
  text: `${text} (delivery ${deliveryId})`,
  deliveryIds: [deliveryId],
  at: { from: beganAt, to: beganAt },
});
