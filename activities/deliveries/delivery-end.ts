import type { DeliveryStatus } from '../../src/db/deliveries.js';

/** How a workflow ended, with a line for operators. Holds nothing of the tenant's data. */
export interface DeliveryEnd {
  status: Exclude<DeliveryStatus, 'pending'>;
  message: string;
}

/** `lastFailure` is the short form of an error: `HTTP 503`, `timeout`. */
export function endOf(status: DeliveryEnd['status'], attempts: number, lastFailure?: string): DeliveryEnd {
  const count = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  return { status, message: `${status} after ${count}${lastFailure ? `: ${lastFailure}` : ''}` };
}
