import { createParser } from 'eventsource-parser';
import { waitFor } from './wait-for.js';

/** What arrived over a stream, as a client sees it. */
export interface OpenedStream {
  status: number;
  headers: Headers;
  events: { id: string | undefined; data: { delivery_id: string; headers: Record<string, string>; body: string } }[];
  comments: string[];
  /** Whether the server has ended it. */
  isEnded(): boolean;
  /** Resolves with the ids of all events when there are so many. */
  waitForIds(count: number): Promise<(string | undefined)[]>;
  waitForComment(comment: RegExp): Promise<string>;
  close(): void;
}

/** Opens a stream of server-sent events and collects what comes. */
export async function openStream(url: string, headers: Record<string, string>): Promise<OpenedStream> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const events: OpenedStream['events'] = [];
  const comments: string[] = [];
  let isEnded = false;
  const parser = createParser({
    onEvent: ({ id, data }) => events.push({ id, data: JSON.parse(data) as OpenedStream['events'][number]['data'] }),
    onComment: (comment) => comments.push(comment),
  });
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    isEnded = true;
  };
  // `close` aborts it; a test that waits for something else then names that.
  const reading = read().catch(() => undefined);
  return {
    status: response.status,
    headers: response.headers,
    events,
    comments,
    isEnded: () => isEnded,
    async waitForIds(count) {
      await waitFor(() => events.length >= count, { what: `${count} events in the stream, not ${events.length}` });
      return events.map(({ id }) => id);
    },
    waitForComment: (comment) =>
      waitFor(() => comments.find((each) => comment.test(each)), { what: `the comment ${comment}` }),
    close() {
      controller.abort();
      void reading;
    },
  };
}
