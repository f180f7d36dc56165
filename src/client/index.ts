import createFetchClient, { type Client } from 'openapi-fetch';
import { apiUrl } from '../source/api-url.js';
import { requireTimes } from '../source/retry-wait.js';
import type { paths, StreamedDelivery } from './api-types.js';
import { noAnswer } from './errors.js';
import { follow, type FollowOptions } from './follow.js';
import { list, type ListInit, type ListPath, type Row } from './list.js';
import { retryingFetch } from './retrying-fetch.js';

export type * from './api-types.js';
export { ApiError, type Refusal } from './errors.js';
export type { FollowNotice, FollowOptions } from './follow.js';
export type { ListInit, ListPath, Row } from './list.js';
export { unwrap } from './unwrap.js';

export interface WebhooksClientOptions {
  /** The url of the API, such as `https://webhooks.example.com`. */
  url: string;
  /** A tenant's key or one of the platform's. */
  apiKey: string;
  /** How long a call is tried; default 30,000. */
  deadlineMs?: number;
  /** How long one try waits for a response; default 10,000. */
  timeoutMs?: number;
}

/**
 * The REST API, typed by path: `GET`, `POST`, `PUT`, `PATCH` and `DELETE` of openapi-fetch, which resolve to `data` or
 * to `error`, the problem document. They throw ApiError if there is no response.
 */
export interface WebhooksClient extends Client<paths> {
  /** All rows of a list, page by page. */
  list<Path extends ListPath>(path: Path, ...init: ListInit<Path>): AsyncGenerator<Row<Path>, void, undefined>;
  /** The deliveries of a webhook as they would be sent, from now on; connects again when that is needed. */
  follow(webhookId: number, options?: FollowOptions): AsyncGenerator<StreamedDelivery, void, undefined>;
}

/** Whether a text is a JSON object, as every answer of the API is. */
function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

/** Opens and stores nothing; create one per process. */
export function createClient({
  deadlineMs = 30_000,
  timeoutMs = 10_000,
  ...api
}: WebhooksClientOptions): WebhooksClient {
  requireTimes({ deadlineMs, timeoutMs });
  const client = createFetchClient<paths>({
    baseUrl: apiUrl(api),
    headers: { Authorization: `Bearer ${api.apiKey}` },
    // The key must not go to any other url.
    redirect: 'manual',
    fetch: retryingFetch({ deadlineMs, timeoutMs }),
  });
  client.use({
    async onResponse({ response }) {
      const type = response.headers.get('content-type') ?? '';
      if (!response.ok || response.status === 204 || /ndjson|text\/event-stream/.test(type)) return;
      if (!/json/.test(type) || !isObject(await response.clone().text()))
        throw noAnswer(`${response.url} answered ${response.status} without JSON; is this the API?`);
    },
  });
  return {
    ...client,
    list: (path, ...init) => list(client, path, ...init),
    follow: (webhookId, options) => follow(client, webhookId, options),
  };
}
