import { setTimeout as delay } from 'node:timers/promises';
import { isTemporary, retryAfterMsOf } from '../source/problem.js';
import { retryWaitMs } from '../source/retry-wait.js';
import { noAnswer, type ApiError } from './errors.js';

export interface RetryTimes {
  /** How long a call is tried; the last try may take a second longer. */
  deadlineMs: number;
  /** How long one try waits for the response to begin, and for the rest of its JSON. */
  timeoutMs: number;
}

/** Less time would only turn an answer that comes into none. */
const minTryMs = 1_000;

/** Calls with an `event_id`: the same event is accepted once. */
const repeatablePosts = /\/v1\/events(?:\/batch)?$/;

/** Whether carrying it out twice does the same as once. */
const isRepeatable = ({ method, url, headers }: Request): boolean =>
  ['GET', 'HEAD', 'PUT'].includes(method) ||
  (method === 'POST' && (repeatablePosts.test(new URL(url).pathname) || headers.has('idempotency-key')));

/**
 * Like `fetch`, but tries again what failed temporarily: repeatable calls after network errors and temporary responses,
 * all calls after a 429, with which nothing was done. Throws ApiError if there is no response in the end, and the
 * signal's reason if that was aborted.
 */
export const retryingFetch =
  ({ deadlineMs, timeoutMs }: RetryTimes) =>
  async (request: Request): Promise<Response> => {
    const giveUpAtMs = performance.now() + deadlineMs;
    for (let tries = 1; ; tries++) {
      const leftMs = Math.max(minTryMs, giveUpAtMs - performance.now());
      const tried = await tryOnce(request, Math.min(timeoutMs, leftMs));
      const { response } = tried;
      const isWorthAnother = response
        ? response.status === 429 || (isTemporary(response.status) && isRepeatable(request))
        : isRepeatable(request);
      const waitMs = retryWaitMs(tries, response && retryAfterMsOf(response.headers));
      if (!isWorthAnother || performance.now() + waitMs >= giveUpAtMs) {
        if (response) return response;
        throw tried.error;
      }
      await response?.body?.cancel();
      await delay(waitMs, undefined, { signal: request.signal }).catch(() => {
        throw request.signal.reason;
      });
    }
  };

const isJson = /^application\/(?:\w+\+)?json\b/;

type Tried = { response: Response; error?: never } | { response?: never; error: ApiError };

/** JSON has arrived as a whole by then. Other responses have begun; reading the rest of them is not limited here. */
async function tryOnce(request: Request, timeoutMs: number): Promise<Tried> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  let isCut = false;
  try {
    const response = await fetch(request.clone(), { signal: AbortSignal.any([request.signal, late.signal]) });
    if (isJson.test(response.headers.get('content-type') ?? '')) {
      isCut = true;
      timer.refresh();
      // A copy, as the caller reads the response itself, and needs its url.
      await response.clone().arrayBuffer();
    }
    return { response };
  } catch (cause) {
    if (request.signal.aborted) throw request.signal.reason;
    const { origin } = new URL(request.url);
    const detail = late.signal.aborted
      ? `${origin} did not answer within ${Math.ceil(timeoutMs)} ms.`
      : isCut
        ? `${origin} cut the connection in the middle of its answer.`
        : `${origin} cannot be reached.`;
    return { error: noAnswer(detail, cause) };
  } finally {
    clearTimeout(timer);
  }
}
