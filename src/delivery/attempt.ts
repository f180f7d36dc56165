import type { AddressGuard } from './address.js';
import { isLocalhost, literalAddress, loopbackAddresses } from './check-url.js';
import type { Connect } from './connect.js';
import { Connection, type ExchangeInput, type RawAnswer } from './connection.js';
import { blockedAddress, closedWhileIdle, connectFailure, exchangeFailure, lookupFailure } from './failure.js';
import type { IdleConnections } from './idle-connections.js';
import type { AttemptOutcome } from './outcome.js';
import type { Resolve } from './resolve.js';
import { readResponse, singleHeader } from './response.js';
import { parseRetryAfter, receiversTime } from './retry-after.js';

export interface AttemptDeps {
  guard: AddressGuard;
  resolve: Resolve;
  connect: Connect;
  idle: IdleConnections;
  maxResponseBytes: number;
}

/** What an attempt is at, for the words of a timeout. */
export type Step = 'lookup' | 'connection' | 'answer' | 'rest of answer';

export interface AttemptInput {
  url: URL;
  headers: Record<string, string>;
  body: Buffer;
  /** Aborted when the time is up; every step then ends with its reason. */
  signal: AbortSignal;
  onStep: (step: Step) => void;
}

/** Looks up, checks, connects, sends and reads. Throws an AttemptFailure when that gives no complete answer. */
export async function attempt(deps: AttemptDeps, input: AttemptInput): Promise<AttemptOutcome> {
  input.onStep('lookup');
  const addresses = await findAddresses(deps, input.url.hostname, input.signal);
  if (!addresses.every((address) => deps.guard.isAllowed(address))) throw blockedAddress();
  return judge(await send(deps, input, addresses));
}

async function findAddresses(deps: AttemptDeps, host: string, signal: AbortSignal): Promise<string[]> {
  const literal = literalAddress(host);
  if (literal !== undefined) return [literal];
  if (isLocalhost(host)) {
    // No name server is asked (RFC 6761 §6.3). Where only one of the two loopback addresses is allowed, it is that one.
    const allowed = loopbackAddresses.filter((address) => deps.guard.isAllowed(address));
    return allowed.length > 0 ? allowed : loopbackAddresses;
  }
  const addresses = await untilAborted(deps.resolve(host, signal), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw lookupFailure(error);
  });
  if (addresses.length === 0) throw lookupFailure({ code: 'ENODATA' });
  return [...new Set(addresses)];
}

/**
 * Sends on an idle connection to one of the addresses, else on a new one.
 *
 * A reused connection may be closed by the receiver in the very moment the request goes out on it. Nothing was
 * processed then, and it would be wrong to count it as an attempt; so the request is sent again, once, on a new
 * connection and within the same deadline, as clients do by RFC 9112 §9.3.1. When the request was not written yet this
 * is certain to be right. When it was, and not one byte of an answer came before the end, which came soon, it is the
 * likely case; should the receiver have read the request after all, it sees the same `webhook-id` twice, as with any
 * retry. A new connection that breaks tells of the receiver, not of its idle timer, and is never repeated.
 */
async function send(deps: AttemptDeps, input: AttemptInput, addresses: string[]): Promise<RawAnswer> {
  const { url, signal } = input;
  const idle = deps.idle.take(url.origin, addresses);
  if (idle) {
    try {
      return await exchange(deps, input, idle.address, idle.connection);
    } catch (error) {
      if (!closedWhileIdle(error)) throw exchangeFailure(error);
    }
  }
  input.onStep('connection');
  const { socket, address } = await deps.connect(connectInput(url, addresses), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw connectFailure(error, url.protocol === 'https:');
  });
  try {
    return await exchange(deps, input, address, new Connection(url.origin, socket));
  } catch (error) {
    throw exchangeFailure(error);
  }
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
): Promise<RawAnswer> {
  const { url, body, signal, onStep } = input;
  onStep('answer');
  const request: ExchangeInput = {
    path: url.pathname + url.search,
    // Nothing is decompressed here, so nothing compressed is asked for.
    headers: { ...input.headers, 'Accept-Encoding': 'identity' },
    body,
    maxResponseBytes: deps.maxResponseBytes,
    onAnswer: () => onStep('rest of answer'),
  };
  const answer = await connection.exchange(request, signal);
  deps.idle.put(url.origin, address, connection);
  return answer;
}

function judge(answer: RawAnswer): AttemptOutcome {
  const response = readResponse(answer);
  if (answer.statusCode >= 200 && answer.statusCode <= 299) return { kind: 'accepted', response };
  const now = receiversTime(singleHeader(answer.rawHeaders, 'date'), Date.now());
  const retryAfterMs = parseRetryAfter(singleHeader(answer.rawHeaders, 'retry-after'), now);
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
