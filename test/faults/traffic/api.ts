import { setTimeout as delay } from 'node:timers/promises';

/** The result of one call. Times are epoch milliseconds. */
export interface ApiCall {
  startedAt: number;
  endedAt: number;
  /** Undefined: no response, so it may have been carried out, or may be later. */
  status: number | undefined;
  // The shapes are those of docs/api.md; if something is missing, the run fails.
  body: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface CallOptions {
  key: string;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
}

const timeoutMs = 10_000;

/** Calls the APIs of the processes in turn, like a load balancer without health checks. */
export class Api {
  private turn = 0;
  constructor(private readonly urls: readonly string[]) {}

  /** Calls once. */
  async call({ key, method, path, body }: CallOptions): Promise<ApiCall> {
    const url = this.urls[this.turn++ % this.urls.length]!;
    const startedAt = Date.now();
    try {
      const response = await fetch(url + path, {
        method,
        headers: { Authorization: `Bearer ${key}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      return {
        startedAt,
        endedAt: Date.now(),
        status: response.status,
        body: text === '' ? undefined : JSON.parse(text),
      };
    } catch {
      return { startedAt, endedAt: Date.now(), status: undefined, body: undefined };
    }
  }

  /**
   * Repeats until the response is neither "later" (429) nor a server error (5xx); for calls that may be repeated.
   * `startedAt` is that of the first try; `tries` tells whether an earlier one may have been carried out unseen.
   */
  async callUntilResponse(options: CallOptions, signal?: AbortSignal): Promise<ApiCall & { tries: number }> {
    let startedAt: number | undefined;
    for (let tries = 1; ; tries++) {
      const call = await this.call(options);
      startedAt ??= call.startedAt;
      const isFinal = call.status !== undefined && call.status < 500 && call.status !== 429;
      if (isFinal || signal?.aborted) return { ...call, startedAt, tries };
      await delay(500);
    }
  }
}
