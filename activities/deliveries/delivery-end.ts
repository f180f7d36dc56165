import type { ErrorClass } from '../../src/delivery/outcome.js';
import type { DeliveryEnd } from '../../workflows/contract/attempt-result.js';

const countOf = (attempts: number): string => (attempts === 1 ? '1 attempt' : `${attempts} attempts`);

/** Short, for Temporal's history and the Web UI: `HTTP 503`, `timeout`. Nothing of an address, a url or a response. */
export const shortAnswer = (errorClass: ErrorClass | null, statusCode: number | null): string =>
  errorClass === null || errorClass === 'http_status' ? `HTTP ${statusCode}` : errorClass;

/** Where a delivery is sent and what came of it so far. Of the url only the host, as the rest may be secret. */
export const progressOf = (url: string, attempts: number, lastAnswer = 'none'): string =>
  `To ${new URL(url).host}: ${countOf(attempts)}, last answer: ${lastAnswer}`;

export interface Ended {
  status: DeliveryEnd['status'];
  attempts: number;
  /** 1 unless it is a batch. */
  deliveries: number;
  /** The short form of an error: `HTTP 503`, `timeout`. */
  lastFailure?: string | undefined;
}

export function endOf({ status, attempts, deliveries, lastFailure }: Ended): DeliveryEnd {
  const message = `${status} after ${countOf(attempts)}${lastFailure ? `: ${lastFailure}` : ''}`;
  return { status, message, ...(deliveries !== 1 && { deliveries }) };
}
