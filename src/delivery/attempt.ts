import type { AddressGuard } from './address.js';
import { isLocalhost, literalAddress, loopbackAddresses } from './check-url.js';
import type { Connect } from './connect.js';
import { Connection, type ExchangeInput, type RawResponse } from './connection.js';
import {
  blockedAddress,
  blockedHttp,
  connectFailure,
  exchangeFailure,
  lookupFailure,
  unknownName,
  wasNeverSent,
  type AttemptFailure,
} from './failure.js';
import type { IdleConnections } from './idle-connections.js';
import type { AttemptOutcome } from './outcome.js';
import { isPrivateName } from './private-names.js';
import type { ReadingTurns } from './read-in-turns.js';
import type { Resolve } from './resolve.js';
import { readResponse, singleHeader } from './response.js';
import { parseRetryAfter, receiversTime } from './retry-after.js';

/** How many addresses of one name are used. A DNS answer has room for four thousand, which take 20 ms to check. */
const maxAddresses = 64;

export interface AttemptDeps {
  guard: AddressGuard;
  allowHttp: boolean;
  resolve: Resolve;
  connect: Connect;
  idle: IdleConnections;
  turns: ReadingTurns;
  maxResponseBytes: number;
}

/** Where an attempt is at, for the message of a timeout. */
export type Step = 'lookup' | 'connection' | 'request' | 'response' | 'rest of response';

export interface AttemptInput {
  url: URL;
  headers: Record<string, string>;
  body: Buffer;
  /** Aborted when the time is up; every step then rejects with its reason. */
  signal: AbortSignal;
  /** Aborts the signal when the time is up, whether or not its timer has run. */
  checkTime: () => void;
  onStep: (step: Step) => void;
}

/** Looks up, checks, connects, sends and reads. Throws an AttemptFailure when there is no complete response. */
export async function attempt(deps: AttemptDeps, input: AttemptInput): Promise<AttemptOutcome> {
  if (input.url.protocol === 'http:' && !deps.allowHttp) throw blockedHttp();
  input.onStep('lookup');
  const addresses = await findAddresses(deps, input.url.hostname, input.signal);
  return judge(await send(deps, input, addresses));
}

/** Throws unless all addresses are allowed. */
async function findAddresses(deps: AttemptDeps, host: string, signal: AbortSignal): Promise<string[]> {
  const { guard } = deps;
  const literal = literalAddress(host);
  if (literal !== undefined) return allAllowed(guard, [literal]);
  if (isLocalhost(host)) {
    // No name server is asked (RFC 6761 §6.3). If only one of the two loopback addresses is allowed, that one is used.
    const allowed = loopbackAddresses.filter((address) => guard.isAllowed(address));
    return allAllowed(guard, allowed.length > 0 ? allowed : loopbackAddresses);
  }
  const isPrivate = isPrivateName(host);
  if (isPrivate && !guard.allowsPrivateNames) throw blockedAddress();
  const found = await untilAborted(deps.resolve(host, signal), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw lookupFailure(error, isPrivate);
  });
  if (found.length === 0) throw lookupFailure({ code: 'ENODATA' }, isPrivate);
  // Addresses beyond this number are neither checked nor connected to.
  const addresses = [...new Set(found)].slice(0, maxAddresses);
  // As if the name did not exist: tenants must not find out which names there are on our networks.
  if (isPrivate && !addresses.every((address) => guard.isAllowed(address))) throw unknownName();
  return allAllowed(guard, addresses);
}

function allAllowed(guard: AddressGuard, addresses: string[]): string[] {
  if (!addresses.every((address) => guard.isAllowed(address))) throw blockedAddress();
  return addresses;
}

/**
 * Sends on an idle connection to one of the addresses, else on a new one.
 *
 * The receiver may close a reused connection just as the request goes out on it. As long as no byte of the request was
 * written, it is sent on a new connection instead, and the receiver cannot notice. Once a byte was written, the
 * receiver may have read the request: then this is an attempt like any other, with an outcome of its own, and the
 * caller decides whether to send again. So every request that a receiver gets has an outcome.
 */
async function send(deps: AttemptDeps, input: AttemptInput, addresses: string[]): Promise<RawResponse> {
  const { url, signal } = input;
  const idle = deps.idle.take(url.origin, addresses);
  if (idle) {
    try {
      return await exchange(deps, input, idle.address, idle.connection);
    } catch (error) {
      if (!wasNeverSent(error)) throw reusedFailure(deps, url.origin, error);
    }
  }
  input.onStep('connection');
  const connected = await deps.connect(connectInput(url, addresses), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw connectFailure(error, url.protocol === 'https:');
  });
  try {
    return await exchange(deps, input, connected.address, new Connection(url.origin, connected, deps.turns));
  } catch (error) {
    throw exchangeFailure(error, false);
  }
}

function reusedFailure({ idle }: AttemptDeps, origin: string, error: unknown): AttemptFailure {
  // The origin's other idle connections are most likely closed too: the next attempt opens a new one.
  idle.closeOrigin(origin);
  const failure = exchangeFailure(error, true);
  if (failure.onReusedConnection) idle.countBroken(origin);
  return failure;
}

function connectInput(url: URL, addresses: string[]): Parameters<Connect>[0] {
  const isTls = url.protocol === 'https:';
  const tlsHost = isTls ? (literalAddress(url.hostname) ?? url.hostname) : undefined;
  return { addresses, port: Number(url.port || (isTls ? 443 : 80)), tlsHost };
}

async function exchange(
  deps: AttemptDeps,
  input: AttemptInput,
  address: string,
  connection: Connection,
): Promise<RawResponse> {
  const { url, body, signal, onStep } = input;
  onStep('request');
  const request: ExchangeInput = {
    path: url.pathname + url.search,
    // Nothing is decompressed here, so the receiver must not compress.
    headers: { ...input.headers, 'Accept-Encoding': 'identity' },
    body,
    maxResponseBytes: deps.maxResponseBytes,
    keepOpen: deps.idle.mayKeep(url.origin),
    onBegin() {
      input.checkTime();
      if (!signal.aborted) onStep('response');
    },
    onResponse: () => onStep('rest of response'),
  };
  const raw = await connection.exchange(request, signal);
  deps.idle.put(url.origin, address, connection);
  return raw;
}

function judge(raw: RawResponse): AttemptOutcome {
  const response = readResponse(raw);
  if (raw.statusCode >= 200 && raw.statusCode <= 299) return { kind: 'accepted', response };
  const now = receiversTime(singleHeader(raw.rawHeaders, 'date'), Date.now());
  const retryAfterMs = parseRetryAfter(singleHeader(raw.rawHeaders, 'retry-after'), now);
  return { kind: 'rejected', response, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** The injected lookup need not listen to the signal. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
