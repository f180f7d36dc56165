import { parseRetryAfter, receiversTime } from '../delivery/retry-after.js';
import type { Refusal } from './errors.js';

/** What a response that is no success says, whether or not it is a problem document of the API. */
export function problemOf(
  json: unknown,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  url: string,
): Refusal & { detail: string } {
  const problem = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const text = (name: string) => (typeof problem[name] === 'string' ? problem[name] : null);
  const errors = Array.isArray(problem['errors']) ? (problem['errors'] as Refusal['errors']) : [];
  const detail = [
    text('detail') ?? `${url} answered ${status}.`,
    ...errors.map(({ path, message }) => `${path}: ${message}`),
  ].join('\n');
  return { detail, status, type: text('type'), errors, requestId: headers.get('x-request-id') };
}

/** Whether the same call may succeed later. */
export const isTemporary = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** The wait that a response asks for, if it does. */
export function retryAfterMsOf(headers: Headers): number | undefined {
  const now = receiversTime(headers.get('date') ?? undefined, Date.now());
  return parseRetryAfter(headers.get('retry-after') ?? undefined, now);
}
