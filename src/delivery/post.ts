import type { AddressGuard } from './address.js';
import { attempt, type AttemptDeps, type Step } from './attempt.js';
import { createConnect, type Connect } from './connect.js';
import { AttemptFailure } from './failure.js';
import { createIdleConnections } from './idle-connections.js';
import type { AttemptOutcome, FinishedAttempt } from './outcome.js';
import { ReadingTurns } from './read-in-turns.js';
import { createResolve, type Resolve } from './resolve.js';

export interface PosterOptions {
  guard: AddressGuard;
  /** Whether a request may go to an http url. If not, the attempt is blocked, even if its webhook was made before. */
  allowHttp: boolean;
  /** Default: DNS, then the system's own lookup. */
  resolve?: Resolve;
  /** Default: TCP, and TLS that also trusts `ca`. */
  connect?: Connect;
  /** How much of a response's body is read; default 65536. */
  maxResponseBytes?: number;
  /** Certificates (PEM) of authorities that are trusted in addition to Node's own. */
  ca?: string[];
  /** How many connections without a request stay open; default 10 to one origin and 256 in all. */
  idleConnectionsPerOrigin?: number;
  idleConnections?: number;
}

export interface PostInput {
  /** Absolute, http or https, in the form that `checkUrl` gave. */
  url: string;
  headers: Record<string, string>;
  /** The exact text; sent as UTF-8. */
  body: string;
  /** For the whole attempt: from the lookup of the name to the last byte of the response. */
  timeoutMs: number;
}

export interface Poster {
  /**
   * Sends one POST and returns its outcome. Whatever the receiver or the network does is an outcome. It rejects when
   * this process is out of file descriptors or memory, and for mistakes of the caller: an invalid url, or a header that
   * cannot be sent.
   *
   * There is one lookup per attempt; every address it gives is checked, and the socket connects to one of exactly
   * these. No redirect is followed, and no proxy of the environment is used. A response that is not complete in time is
   * a timeout, and one that breaks off is a failed connection, even if it began with a 2xx. A response longer than what
   * is read counts by its status. No byte is written after the timeout, not even by a process that was stopped
   * meanwhile.
   */
  post(input: PostInput): Promise<FinishedAttempt>;
  /** Accepts no more requests, waits for those in flight, and closes all connections. Safe to repeat. */
  close(): Promise<void>;
}

/** Keeps connections open between requests. Create one for the whole process. */
export function createPoster(options: PosterOptions): Poster {
  const { guard, allowHttp } = options;
  const isAllowed = (ip: string): boolean => guard.isAllowed(ip);
  const knowsPrivateNames = guard.allowsPrivateNames;
  const deps: AttemptDeps = {
    guard,
    allowHttp,
    resolve: options.resolve ?? createResolve({ isAllowed, knowsPrivateNames }),
    connect: options.connect ?? createConnect(options.ca),
    idle: createIdleConnections({
      maxPerOrigin: options.idleConnectionsPerOrigin ?? 10,
      max: options.idleConnections ?? 256,
    }),
    turns: new ReadingTurns(),
    maxResponseBytes: options.maxResponseBytes ?? 65_536,
  };
  const underWay = new Set<Promise<unknown>>();
  let isClosed = false;

  return {
    async post(input) {
      if (isClosed) throw new Error('the poster is closed; nothing more can be sent');
      const finished = timeAttempt(deps, input);
      underWay.add(finished);
      try {
        return await finished;
      } finally {
        underWay.delete(finished);
      }
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(underWay);
      deps.idle.close();
    },
  };
}

async function timeAttempt(deps: AttemptDeps, input: PostInput): Promise<FinishedAttempt> {
  const url = new URL(input.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError('the url is neither http nor https');
  const startedAt = new Date();
  const startMs = performance.now();
  let step: Step = 'lookup';
  // One timer for everything. It is not reset when headers arrive: an endless body would then have no deadline.
  const controller = new AbortController();
  const end = (): void => controller.abort(timeout(step, input.timeoutMs));
  const timer = setTimeout(end, input.timeoutMs);
  try {
    const { headers, body } = input;
    const outcome = await attempt(deps, {
      url,
      headers,
      body: Buffer.from(body),
      signal: controller.signal,
      // A process that was stopped meanwhile handles its connection's events before its timers. By then another process
      // may be sending this delivery.
      checkTime: () => {
        if (performance.now() - startMs >= input.timeoutMs) end();
      },
      onStep: (next) => (step = next),
    }).catch(toOutcome);
    return { startedAt, durationMs: Math.round(performance.now() - startMs), outcome };
  } finally {
    clearTimeout(timer);
  }
}

function timeout(step: Step, timeoutMs: number): AttemptFailure {
  const late = {
    lookup: 'host name not looked up',
    connection: 'no connection',
    request: 'nothing sent',
    response: 'no response',
    'rest of response': 'response not complete',
  };
  return new AttemptFailure('timeout', `${late[step]} within ${timeoutMs} ms`);
}

function toOutcome(error: unknown): AttemptOutcome {
  if (!(error instanceof AttemptFailure)) throw error;
  const { errorClass, message, onReusedConnection } = error;
  return { kind: 'unreachable', errorClass, message, onReusedConnection };
}
