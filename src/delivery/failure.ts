import { errors } from 'undici';
import { ExchangeError } from './connection.js';
import type { AttemptOutcome } from './outcome.js';

export type Unreachable = Extract<AttemptOutcome, { kind: 'unreachable' }>;

/** An attempt that ends without a complete response, thrown from wherever that becomes clear. */
export class AttemptFailure extends Error {
  constructor(
    readonly errorClass: Unreachable['errorClass'],
    message: string,
    /** As in the outcome. */
    readonly onReusedConnection = false,
  ) {
    super(message);
  }
}

// Messages are shown to tenants and get into Temporal's history: they hold no address, no url, no text of the system.

/** The same reason for every blocked address, so that it does not reveal what is behind one. */
export const blockedAddress = (): AttemptFailure => new AttemptFailure('blocked_address', 'destination not allowed');

/** Plain http that was allowed when the webhook was made, but is not any more. */
export const blockedHttp = (): AttemptFailure =>
  new AttemptFailure('blocked_address', 'plain http is not allowed; change the url of the webhook to https');

/** The code of TooManyBytesError. */
const tooManyBytes = 'ERR_TOO_MANY_BYTES';
const tooManyBytesFailure = (): AttemptFailure =>
  new AttemptFailure('invalid_response', 'the receiver sent over 1 MB before the end of its response');

const onlyHttp2 = 'the receiver speaks only HTTP/2; HTTP/1.1 is needed';

const dnsMessages: Record<string, string> = {
  ENOTFOUND: 'host name not found',
  ENODATA: 'host name has no address',
  EAI_AGAIN: 'name lookup failed temporarily',
  EBADNAME: 'host name is not valid',
};

const connectionMessages: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the receiver',
  EPIPE: 'connection closed by the receiver before the request was sent',
  ECONNABORTED: 'connection aborted',
  ENETUNREACH: 'no route to the receiver',
  EHOSTUNREACH: 'no route to the receiver',
  ENETDOWN: 'no route to the receiver',
  EADDRNOTAVAIL: 'no route to the receiver',
  EAFNOSUPPORT: 'no route to the receiver',
  ETIMEDOUT: 'connection lost',
};

/** OpenSSL's and Node's codes, as Node reports them. */
const tlsMessages: Record<string, string> = {
  CERT_HAS_EXPIRED: 'certificate expired',
  CERT_NOT_YET_VALID: 'certificate not valid yet',
  CERT_REVOKED: 'certificate revoked',
  CERT_SIGNATURE_FAILURE: 'certificate signature not valid',
  CERT_UNTRUSTED: 'certificate not trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate chain ends in an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'incomplete certificate chain, or an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'incomplete certificate chain, or an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'incomplete certificate chain, or an authority that is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'host name mismatch: the certificate is for another name',
  ERR_TLS_CERT_ALTNAME_FORMAT: 'certificate names not readable',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'unsupported protocol version: TLS 1.2 or 1.3 is needed',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'unsupported protocol version: TLS 1.2 or 1.3 is needed',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the receiver does not speak TLS on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the receiver does not speak TLS on this port',
  ERR_SSL_HTTP_REQUEST: 'the receiver does not speak TLS on this port',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: onlyHttp2,
  ERR_SSL_NO_APPLICATION_PROTOCOL: onlyHttp2,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'TLS handshake refused: no cipher in common, or a client certificate is required',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the receiver requires a client certificate',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the receiver does not know the host name',
};

/** This process is out of resources: not the receiver's fault, so not an attempt's outcome. */
const ourOwnCodes = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']);

export const unknownName = (): AttemptFailure => lookupFailure({ code: 'ENOTFOUND' }, false);

/** Does not reveal that a private name exists but has no address. */
export function lookupFailure(error: unknown, isPrivateName: boolean): AttemptFailure {
  const code = codeOf(error);
  throwOurOwn(code);
  if (isPrivateName && code === 'ENODATA') return unknownName();
  return new AttemptFailure('dns', dnsMessages[code] ?? `name lookup failed${inBrackets(code)}`);
}

/** A connection that could not be opened. */
export function connectFailure(error: unknown, isTls: boolean): AttemptFailure {
  const code = codeOf(error);
  throwOurOwn(code);
  if (code === tooManyBytes) return tooManyBytesFailure();
  const tlsMessage = tlsMessages[code];
  if (tlsMessage !== undefined) return new AttemptFailure('tls', tlsMessage);
  if (connectionMessages[code] !== undefined) return new AttemptFailure('connection', connectionMessages[code]);
  if (isTls) return new AttemptFailure('tls', `TLS handshake failed${inBrackets(code)}`);
  return new AttemptFailure('connection', `connection failed${inBrackets(code)}`);
}

/**
 * A request that was sent, or begun, and got no complete response; `isReused`: its connection had carried an earlier
 * request.
 */
export function exchangeFailure(error: unknown, isReused: boolean): AttemptFailure {
  // Not caused by a receiver: an assertion, or a header that was not checked.
  if (!(error instanceof ExchangeError)) throw error;
  const { cause, sentAtMs, responseStarted, closedByReceiver } = error;
  const code = codeOf(cause);
  const isStale = isReused && brokeBeforeResponse(error);
  const kept = isStale ? ', on a connection kept open from an earlier request' : '';
  // Only if nothing was sent: a request that the receiver may have got is an attempt, whoever broke it off.
  if (sentAtMs === undefined) {
    throwOurOwn(code);
    if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') throw cause;
  }
  if (code === tooManyBytes) return tooManyBytesFailure();
  if (code === 'ERR_TOO_MANY_INTERIM_RESPONSES')
    return new AttemptFailure(
      'invalid_response',
      'the receiver sent over 100 interim responses (1xx) before its response',
    );
  if (tlsMessages[code] !== undefined) return new AttemptFailure('tls', tlsMessages[code]);
  if (code.startsWith('ERR_SSL_')) return new AttemptFailure('tls', `TLS failed${inBrackets(code)}`);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new AttemptFailure('invalid_response', 'the headers of the response are over 16 KB');
  }
  if (closedByReceiver || connectionMessages[code] !== undefined) {
    if (responseStarted) return new AttemptFailure('connection', 'connection closed before the response was complete');
    const message = connectionMessages[code] ?? 'connection closed without a response';
    return new AttemptFailure('connection', message + kept, isStale);
  }
  if (speaksHttp2(cause)) return new AttemptFailure('invalid_response', onlyHttp2);
  // Also an unexpected status (100, 101): undici then closes the socket, with the code UND_ERR_SOCKET.
  if (responseStarted || cause instanceof errors.HTTPParserError) {
    return new AttemptFailure('invalid_response', 'the response is not valid HTTP/1.1');
  }
  return new AttemptFailure('connection', `connection failed${inBrackets(code)}${kept}`, isStale);
}

/** Whether no byte of the request was handed to the socket: it may then be sent on another connection, unnoticed. */
export const wasNeverSent = (error: unknown): boolean => error instanceof ExchangeError && error.sentAtMs === undefined;

/**
 * A receiver that had a request for longer than this has read it: it did not merely close an idle connection.
 */
const idleCloseWindowMs = 2000;
const closedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Whether the receiver seems to have closed the connection before the request arrived. */
function brokeBeforeResponse({ cause, sentAtMs, responseStarted }: ExchangeError): boolean {
  if (sentAtMs === undefined || responseStarted) return false;
  return closedCodes.has(codeOf(cause)) && performance.now() - sentAtMs < idleCloseWindowMs;
}

/** The first frame of an HTTP/2 server is SETTINGS: a length of three bytes, then type 4 (RFC 9113 §3.4, §4.1). */
function speaksHttp2(error: Error): boolean {
  const data = (error as { data?: unknown }).data;
  return typeof data === 'string' && data.startsWith('\0\0') && data[3] === '\x04';
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  // OpenSSL 3.2 renamed the alerts from SSL 3: Node 24 reports them by the new names, Node 20 by the old ones.
  return typeof code === 'string' ? code.replace('ERR_SSL_SSL/TLS_', 'ERR_SSL_SSLV3_') : '';
}

const inBrackets = (code: string): string => (/^[A-Z0-9_]+$/.test(code) ? ` (${code})` : '');

/** Without the system's text, which holds the address. */
function throwOurOwn(code: string): void {
  if (ourOwnCodes.has(code))
    throw new Error(`no connection can be opened here: this process is out of resources (${code})`);
}
