import type { ReceivedRequest } from '../receivers/request-log.js';
import type { Change, Webhook } from '../traffic/tenants.js';
import { allWebhooks, groupBy, type Evidence, type Violation } from './evidence.js';
import { explanationOf } from './explanation.js';

export interface LimitsRespected {
  violations: Violation[];
  /** Windows with more requests than allowed because a sender was killed or frozen while it held a token. */
  explained: number;
  unexplained: number;
  /** The fullest window, as a share of its limit. */
  fullest: number;
}

const windowMs = 60_000;
/** How much later a change may come into force if it, or the change after it, had no response. */
const unsureMs = 60_000;

/** In any 60 s, by the receiver's clock, no more requests arrive than the limit allows. */
export function limitsRespected(evidence: Evidence): LimitsRespected {
  const violations: Violation[] = [];
  let explained = 0;
  let unexplained = 0;
  let fullest = 0;
  const byPath = groupBy(evidence.requests, ({ path }) => path);
  for (const webhook of allWebhooks(evidence)) {
    if (webhook.plan.perMinute === null) continue;
    const requests = byPath.get(`/${webhook.plan.label}`) ?? [];
    let skipUntil = 0;
    for (let i = 0, end = 0; i < requests.length; i++) {
      const from = requests[i]!.beganAt;
      while (end < requests.length && requests[end]!.beganAt < from + windowMs) end++;
      const allowed = maxAllowed(webhook, from, from + windowMs);
      if (allowed === null) continue;
      const many = end - i;
      fullest = Math.max(fullest, many / allowed);
      // Windows that overlap one too full are too full as well: report it once.
      if (many <= allowed || from < skipUntil) continue;
      skipUntil = from + windowMs;
      if (many - excused(evidence, requests.slice(i, end)) <= allowed) explained++;
      else {
        unexplained++;
        violations.push({
          invariant: 'limit',
          text: `${webhook.plan.label}: ${many} requests in 60 s, but ${allowed} are allowed`,
          deliveryIds: requests
            .slice(i, end)
            .slice(-3)
            .map(({ deliveryId }) => deliveryId),
          at: { from, to: from + windowMs },
        });
      }
    }
  }
  return { violations, explained, unexplained, fullest };
}

/**
 * Requests of a killed or frozen sender: their tokens were never moved to the time of arrival, or they were sent late.
 */
const excused = ({ timeline }: Evidence, requests: ReceivedRequest[]) =>
  requests.filter((request) => explanationOf(timeline, request)).length;

/** The highest limit that can have been in force then; null: no limit. */
function maxAllowed({ limits }: Webhook, from: number, to: number): number | null {
  let most = 0;
  for (const [i, change] of limits.entries()) {
    if (change.startedAt > to || endOf(change, limits[i + 1]) < from) continue;
    if (change.value === null) return null;
    most = Math.max(most, change.value);
  }
  return most;
}

function endOf(change: Change<unknown>, next: Change<unknown> | undefined): number {
  if (!next) return Infinity;
  return next.endedAt + (change.isUnsure || next.isUnsure ? unsureMs : 1_000);
}
