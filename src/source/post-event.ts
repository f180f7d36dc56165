import type { Refusal } from './errors.js';
import { isTemporary, problemOf, retryAfterMsOf } from './problem.js';
import type { StoredEvent, TriggeredResult } from './webhook-source.js';

export interface EventsEndpoint {
  url: string;
  apiKey: string;
}

/** The result of one request. `failed` may be temporary; sending the same request again is harmless. */
export type PostOutcome =
  | { kind: 'accepted'; result: TriggeredResult }
  | ({ kind: 'refused'; detail: string } & Refusal)
  | ({ kind: 'failed'; detail: string; retryAfterMs?: number; cause?: unknown } & Refusal);

/** Sends an event once. Never rejects. */
export async function postEvent(
  { url, apiKey }: EventsEndpoint,
  body: string,
  timeoutMs: number,
): Promise<PostOutcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
      body,
      // The key must not go to any other url.
      redirect: 'manual',
      signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
    });
    return outcomeOf(response, await response.text(), url);
  } catch (cause) {
    const isLate = cause instanceof Error && cause.name === 'TimeoutError';
    const detail = isLate ? `${url} did not answer within ${Math.ceil(timeoutMs)} ms.` : `${url} cannot be reached.`;
    return { kind: 'failed', detail, cause, status: null, type: null, errors: [], requestId: null };
  }
}

function outcomeOf(response: Response, text: string, url: string): PostOutcome {
  const { status, headers } = response;
  const json = parseObject(text);
  if (status === 200 || status === 201) {
    const stored = storedEvent(json);
    if (stored) return { kind: 'accepted', result: { repeated: status === 200, stored } };
    // A proxy's page, or a truncated response: it does not say that the event was accepted.
    const detail = `${url} answered ${status} without an event; is this the API?`;
    return { kind: 'failed', ...problemOf(undefined, response, url), detail };
  }
  const problem = problemOf(json, response, url);
  if (!isTemporary(status)) return { kind: 'refused', ...problem };
  const retryAfterMs = retryAfterMsOf(headers);
  return { kind: 'failed', ...problem, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

interface AcceptedJson {
  event: { id: string; timestamp: string };
  deliveries: { id: string; webhook_id: number; status: 'pending' | 'held' }[];
}

function storedEvent(json: Record<string, unknown> | undefined): StoredEvent | undefined {
  if (typeof json?.['event'] !== 'object' || !Array.isArray(json['deliveries'])) return undefined;
  const { event, deliveries } = json as unknown as AcceptedJson;
  return {
    id: event.id,
    occurredAt: new Date(event.timestamp),
    deliveries: deliveries.map(({ id, webhook_id, status }) => ({ id, webhookId: webhook_id, status })),
  };
}
