import type { AddressGuard } from './address.js';
import { isLocalhost, literalAddress, loopbackAddresses } from './check-url.js';
import { createConnect, type Connect } from './connect.js';
import { Connection, ExchangeError, type RawAnswer } from './connection.js';
import { AttemptFailure, blockedAddress, connectFailure, exchangeFailure, lookupFailure } from './failure.js';
import { createIdleConnections, type IdleConnections } from './idle-connections.js';
import type { AttemptOutcome, FinishedAttempt } from './outcome.js';
import { createResolve, type Resolve } from './resolve.js';
import { readResponse, singleHeader } from './response.js';
import { parseRetryAfter } from './retry-after.js';

export interface PosterOptions {
  guard: AddressGuard;
  /** Default: DNS, then what the system knows. */
  resolve?: Resolve;
  /** Of one answer's body; default 65536. What comes after it is not read. */
  maxResponseBytes?: number;
  /** Certificates (PEM) of authorities that are trusted beside Node's own. */
  ca?: string[];
  /** How many connections without a request are kept open; by default 10 to one origin, 256 in all. */
  idleConnectionsPerOrigin?: number;
  idleConnections?: number;
}

export interface PostInput {
  /** Absolute, http or https, in the form that `checkUrl` gave. */
  url: string;
  headers: Record<string, string>;
  /** The exact text; sent as UTF-8. */
  body: string;
  /** For the whole attempt: from the lookup of the name to the last byte of the answer. */
  timeoutMs: number;
  /** Cuts the request off; `post` then rejects with the signal's reason, since it is no outcome of the receiver's. */
  signal?: AbortSignal | undefined;
}

export interface Poster {
  /**
   * Sends one POST and says what came of it. Whatever the receiver or the network does is an outcome. It rejects when
   * cut off by the signal, when this process is out of file descriptors or memory, and for mistakes of the caller's:
   * a url that is none, a header that cannot be sent.
   *
   * One lookup per attempt; every address it gives is checked, and the socket goes to one of exactly these. No
   * redirect is followed and no proxy of the environment used. An answer whose body is not complete in time is a
   * timeout, and one that breaks off is a failed connection, also when it began with a 2xx.
   */
  post(input: PostInput): Promise<FinishedAttempt>;
  /** Takes no more requests, waits for those under way, and closes all connections. */
  close(): Promise<void>;
}

/**
 * A closed connection that was reused is retried at once only when the end came this soon: it then was most likely
 * closed before the request arrived. A receiver that worked on it for longer has read it.
 */
const resendWindowMs = 2000;

export function createPoster(options: PosterOptions): Poster {
  const deps: AttemptDeps = {
    guard: options.guard,
    resolve: options.resolve ?? createResolve(),
    connect: createConnect(options.ca),
    idle: createIdleConnections(options.idleConnectionsPerOrigin ?? 10, options.idleConnections ?? 256),
    maxResponseBytes: options.maxResponseBytes ?? 65_536,
  };
  const underWay = new Set<Promise<unknown>>();
  let isClosed = false;

  return {
    async post(input) {
      if (isClosed) throw new Error('the poster is closed');
      const attempt = timeAttempt(deps, input);
      underWay.add(attempt);
      return attempt.finally(() => underWay.delete(attempt));
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(underWay);
      deps.idle.close();
    },
  };
}

interface AttemptDeps {
  guard: AddressGuard;
  resolve: Resolve;
  connect: Connect;
  idle: IdleConnections;
  maxResponseBytes: number;
}

/** What the attempt waits for, for the words of a timeout. */
type Progress = { waitingFor: 'lookup' | 'connection' | 'answer' | 'rest of answer' };

async function timeAttempt(deps: AttemptDeps, input: PostInput): Promise<FinishedAttempt> {
  const startedAt = new Date();
  const startMs = performance.now();
  const progress: Progress = { waitingFor: 'lookup' };
  const controller = new AbortController();
  const cutOff = (): void => controller.abort(input.signal?.reason);
  const timer = setTimeout(() => controller.abort(timeout(progress, input.timeoutMs)), input.timeoutMs);
  input.signal?.addEventListener('abort', cutOff);
  if (input.signal?.aborted) cutOff();
  try {
    const outcome = await attempt(deps, input, controller.signal, progress);
    return { startedAt, durationMs: Math.round(performance.now() - startMs), outcome };
  } finally {
    clearTimeout(timer);
    input.signal?.removeEventListener('abort', cutOff);
  }
}

function timeout({ waitingFor }: Progress, timeoutMs: number): AttemptFailure {
  const what = {
    lookup: 'host name not looked up',
    connection: 'no connection',
    answer: 'no answer',
    'rest of answer': 'answer not complete',
  }[waitingFor];
  return new AttemptFailure('timeout', `${what} within ${timeoutMs} ms`);
}

async function attempt(
  deps: AttemptDeps,
  input: PostInput,
  signal: AbortSignal,
  progress: Progress,
): Promise<AttemptOutcome> {
  const url = new URL(input.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError('url is neither http nor https');
  try {
    const addresses = await findAddresses(deps, url.hostname, signal);
    return judge(await send(deps, input, url, addresses, signal, progress));
  } catch (error) {
    if (!(error instanceof AttemptFailure)) throw error;
    return { kind: 'unreachable', errorClass: error.errorClass, message: error.message };
  }
}

/** All addresses of the host, each of them allowed; one that is not refuses the whole attempt. */
async function findAddresses({ guard, resolve }: AttemptDeps, host: string, signal: AbortSignal): Promise<string[]> {
  const addresses = await lookUp(resolve, guard, host, signal);
  if (!addresses.every((address) => guard.isAllowed(address))) throw blockedAddress();
  return addresses;
}

async function lookUp(resolve: Resolve, guard: AddressGuard, host: string, signal: AbortSignal): Promise<string[]> {
  const literal = literalAddress(host);
  if (literal !== undefined) return [literal];
  if (isLocalhost(host)) {
    // No name server is asked, and one loopback address is enough: which of the two is listened on is nobody's secret.
    const allowed = loopbackAddresses.filter((address) => guard.isAllowed(address));
    return allowed.length > 0 ? allowed : loopbackAddresses;
  }
  const addresses = await orAborted(resolve(host, signal), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw lookupFailure(error);
  });
  if (addresses.length === 0) throw lookupFailure({ code: 'ENODATA' });
  return [...new Set(addresses)];
}

/**
 * Sends on an idle connection to one of the addresses, else on a new one.
 *
 * A reused connection may be closed by the receiver in the very moment the request goes out on it. Then nothing was
 * processed, and it would be wrong to count an attempt; so the request is sent again, once, on a new connection and
 * within the same deadline, as RFC 9112 §9.3.1 has clients do. It is certain when the request was not written yet.
 * When it was, it is the likely case if not one byte of an answer came and the end came soon; should the receiver have
 * read it after all, it sees the same webhook-id twice, as with any retry. A new connection that breaks tells of the
 * receiver, not of its idle timer: that is never repeated.
 */
async function send(
  deps: AttemptDeps,
  input: PostInput,
  url: URL,
  addresses: string[],
  signal: AbortSignal,
  progress: Progress,
): Promise<RawAnswer> {
  const body = Buffer.from(input.body);
  const reused = deps.idle.take(url.origin, addresses);
  if (reused) {
    try {
      return await exchange(deps, reused, input, url, body, signal, progress);
    } catch (error) {
      if (!(error instanceof ExchangeError) || !closedWhileIdle(error)) throw signalOr(exchangeFailure(error)
    }
  }
}
