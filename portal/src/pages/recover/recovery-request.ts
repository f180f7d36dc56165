import type { paths } from '../../../../src/client/api-types.js';

type Post = paths['/v1/webhooks/{webhook_id}/recoveries']['post'];
export type RecoveryRequest = NonNullable<Post['requestBody']>['content']['application/json'];
export type RecoverableStatus = RecoveryRequest['statuses'][number];

/** What the form holds, which is what the url says. */
export interface RecoveryChoice {
  /** The webhook's id; empty: none is chosen yet. */
  webhook: string;
  statuses: readonly RecoverableStatus[];
  /** None: all. */
  eventTypes: readonly string[];
  since: string | null;
  until: string | null;
  includeMissing: boolean;
}

export const recoverable: readonly { status: RecoverableStatus; title: string; hint: string }[] = [
  { status: 'failed', title: 'Failed', hint: 'All attempts were used up, or the failure was final' },
  { status: 'expired', title: 'Expired', hint: 'Not delivered in time; sent however late it is' },
  { status: 'cancelled', title: 'Cancelled', hint: 'Stopped before it was delivered' },
  { status: 'delivered', title: 'Delivered', hint: 'The receiver had it, and gets it once more' },
];

const list = (text: string | null): string[] => (text ?? '').split(',').filter((part) => part !== '');

/** Without `statuses` in the url: what failed. */
export function choiceOf(parameters: URLSearchParams): RecoveryChoice {
  const statuses = list(parameters.get('statuses') ?? 'failed');
  return {
    webhook: parameters.get('webhook') ?? '',
    statuses: recoverable.map(({ status }) => status).filter((status) => statuses.includes(status)),
    eventTypes: list(parameters.get('event_types')),
    since: parameters.get('since') || null,
    until: parameters.get('until') || null,
    includeMissing: parameters.get('include_missing') === 'true',
  };
}

export function requestOf({ statuses, eventTypes, since, until, includeMissing }: RecoveryChoice): RecoveryRequest {
  return {
    statuses: [...statuses],
    ...(eventTypes.length > 0 && { event_types: eventTypes as RecoveryRequest['event_types'] }),
    ...(since !== null && { since }),
    ...(until !== null && { until }),
    include_missing: includeMissing,
  };
}

/** `1,800 deliveries`, `At least 300,000 deliveries`. */
export const totalWords = (total: number, isExact: boolean): string => {
  const words = `${new Intl.NumberFormat('en').format(total)} ${total === 1 ? 'delivery' : 'deliveries'}`;
  return isExact ? words : `at least ${words}`;
};

/** How long the webhook's rate limit makes it take, at least; null: it has none, or it takes under a minute. */
export function fastestMs(
  total: number,
  limits: { rate_limit_per_minute: number | null; rate_limit_per_hour: number | null },
): number | null {
  const { rate_limit_per_minute: perMinute, rate_limit_per_hour: perHour } = limits;
  const minutes = Math.max(
    perMinute === null ? 0 : Math.ceil(total / perMinute) - 1,
    perHour === null ? 0 : (Math.ceil(total / perHour) - 1) * 60,
  );
  return minutes === 0 ? null : minutes * 60_000;
}
