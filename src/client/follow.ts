import { setTimeout as delay } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Client } from 'openapi-fetch';
import { isTemporary } from '../source/problem.js';
import { retryWaitMs } from '../source/retry-wait.js';
import type { paths, StreamedDelivery } from './api-types.js';
import { ApiError, noAnswer } from './errors.js';
import { unwrap } from './unwrap.js';

export interface FollowOptions {
  /** With an admin key: whose webhook it is. */
  tenantId?: string;
  /** Begins after this delivery; absent: with what is accepted from now on. */
  lastEventId?: string;
  /** Ends it. */
  signal?: AbortSignal;
  /** What happens to the connection, for people to read. */
  onNotice?: (notice: FollowNotice) => void;
}

export interface FollowNotice {
  kind: 'connected' | 'lost' | 'note';
  message: string;
  /** With which `lastEventId` it goes on. */
  position: string;
}

/** The API sends something every 15 seconds. */
const defaultSilenceMs = 45_000;
/** Comments that say nothing to people. */
const usual = ['connected', 'nothing new'];
const endMark = 'end: ';

/**
 * The deliveries of a webhook as they would be sent, for as long as they are asked for. When the connection is lost, it
 * connects again and goes on after the last delivery that was asked for and handled. Throws ApiError if it cannot connect
 * the first time, or if the API refuses: the key or the webhook was deleted.
 */
export async function* follow(
  { GET }: Pick<Client<paths>, 'GET'>,
  webhookId: number,
  { tenantId, lastEventId, signal, onNotice }: FollowOptions = {},
  maxSilenceMs = defaultSilenceMs,
): AsyncGenerator<StreamedDelivery, void, undefined> {
  let position = lastEventId;
  let isFirst = true;
  const notify = (kind: FollowNotice['kind'], message: string) =>
    onNotice?.({ kind, message, position: position ?? '' });
  for (let failures = 0; !signal?.aborted;) {
    let reason = 'the connection was closed';
    try {
      const result = await GET('/v1/webhooks/{webhook_id}/stream', {
        params: {
          path: { webhook_id: webhookId },
          query: { ...(tenantId !== undefined && { tenant_id: tenantId }) },
          header: { ...(position !== undefined && { 'Last-Event-ID': position }) },
        },
        parseAs: 'stream',
        ...(signal && { signal }),
      });
      const body = unwrap<ReadableStream<Uint8Array> | null>(result);
      if (!body) throw noAnswer(`${result.response.url} answered without a stream; is this the API?`);
      position ??= result.response.headers.get('last-event-id') ?? undefined;
      isFirst = false;
      notify('connected', `connected to ${new URL(result.response.url).origin}`);
      const onComment = (comment: string) => {
        if (comment.startsWith(endMark)) reason = comment.slice(endMark.length);
        else if (!usual.includes(comment)) notify('note', comment);
      };
      for await (const { id, data } of eventsOf(body, { onComment, signal, maxSilenceMs })) {
        failures = 0;
        yield JSON.parse(data) as StreamedDelivery;
        // Only now is it handled.
        position = id ?? position;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (isFirst || isRefused(error)) throw error;
      reason = (error as Error).message;
    }
    notify('lost', reason);
    await delay(retryWaitMs(failures++), undefined, signal && { signal }).catch(() => undefined);
  }
}

const isRefused = (error: unknown) => error instanceof ApiError && error.status !== null && !isTemporary(error.status);

interface Reading {
  onComment: (comment: string) => void;
  signal: AbortSignal | undefined;
  maxSilenceMs: number;
}

/** Rejects when nothing comes for too long: a proxy may keep a connection whose other end is gone. */
async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  { onComment, signal, maxSilenceMs }: Reading,
): AsyncGenerator<EventSourceMessage> {
  const found: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => found.push(event), onComment });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  // Not left to the signal of fetch: the garbage collector may take what connects that signal with the response.
  const late = new AbortController();
  const stop = () => late.abort(signal?.reason);
  // A promise of its own for each read: one for all would keep every chunk in memory.
  const read = () =>
    new Promise<Awaited<ReturnType<typeof reader.read>>>((resolve, reject) => {
      late.signal.onabort = () => reject(late.signal.reason as Error);
      reader.read().then(resolve, reject);
    });
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  try {
    for (;;) {
      late.signal.throwIfAborted();
      const error = noAnswer(`nothing came for ${maxSilenceMs / 1_000} seconds`);
      const timer = setTimeout(() => late.abort(error), maxSilenceMs);
      const { done, value } = await read().finally(() => clearTimeout(timer));
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* found.splice(0);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Whoever stops asking ends the connection.
    await reader.cancel().catch(() => undefined);
  }
}
