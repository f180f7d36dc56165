import type { DeliveryEnd } from '../../workflows/contract/attempt-result.js';

/** `lastFailure` is the short form of an error: `HTTP 503`, `timeout`. */
export function endOf(status: DeliveryEnd['status'], attempts: number, lastFailure?: string): DeliveryEnd {
  const count = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  return { status, message: `${status} after ${count}${lastFailure ? `: ${lastFailure}` : ''}` };
}
