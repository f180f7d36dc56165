import { constants } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as startTls,
  createSecureContext,
  rootCertificates,
  type SecureContext,
} from 'node:tls';
import { ReceivedBytes, TooManyBytesError } from './received-bytes.js';

export interface ConnectInput {
  /** Checked addresses in order of preference. Nothing else is ever connected to. */
  addresses: string[];
  port: number;
  /** For https, the url's host without brackets: sent as SNI and matched against the certificate (RFC 9525). */
  tlsHost?: string | undefined;
}

export interface Connected {
  socket: Socket;
  /** The one of `addresses` that the socket is connected to. */
  address: string;
  /** Counts the bytes received on the connection since it was opened. */
  received: ReceivedBytes;
}

export type Connect = (input: ConnectInput, signal: AbortSignal) => Promise<Connected>;

/** How long one address has before the next is tried alongside; the delay that RFC 8305 §5 recommends. */
const nextAddressMs = 250;
const maxAddresses = 8;
/** How often the bytes of a TLS connection are checked: records without data cause no event at which to check. */
const countTlsEveryMs = 50;

/** Opens connections; `ca` are certificates (PEM) that are trusted in addition to Node's own roots. */
export function createConnect(ca: string[] = []): Connect {
  let secureContext: SecureContext | undefined;
  return async ({ addresses, port, tlsHost }, signal) => {
    const connected = await connectToFirst(addresses.slice(0, maxAddresses), port, signal);
    if (tlsHost === undefined) return connected;
    // Made once: reading the roots again would take milliseconds for every connection.
    secureContext ??= createSecureContext({
      minVersion: 'TLSv1.2',
      // Otherwise a receiver could repeat the handshake without end (TLS 1.2), which costs us more than the receiver.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      ...(ca.length > 0 && { ca: [...rootCertificates, ...ca] }),
    });
    const socket = await secure(connected, tlsHost, secureContext, signal);
    return { ...connected, socket };
  };
}

/**
 * Connects to the first address that accepts and drops the others. Rejects with the most telling error if none does.
 */
function connectToFirst(addresses: string[], port: number, signal: AbortSignal): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const waiting = [...addresses];
    const open = new Set<Socket>();
    const errors: NodeJS.ErrnoException[] = [];
    let timer: NodeJS.Timeout | undefined;

    const settle = (act: () => void, winner?: Socket): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      for (const socket of open) if (socket !== winner) socket.destroy();
      open.clear();
      act();
    };
    const onAbort = (): void => settle(() => reject(signal.reason as Error));
    const tryNext = (): void => {
      clearTimeout(timer);
      const address = waiting.shift();
      if (address === undefined) {
        if (open.size === 0) settle(() => reject(mostInformative(errors)));
        return;
      }
      // A literal address: net.connect looks nothing up for it.
      const socket = connectTcp({ host: address, port, noDelay: true });
      open.add(socket);
      socket.once('connect', () => {
        if (open.has(socket)) settle(() => resolve({ socket, address, received: new ReceivedBytes(socket) }), socket);
      });
      // Stays on for the life of the socket: an error without a listener would end the process.
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!open.delete(socket)) return;
        errors.push(error);
        tryNext();
      });
      if (waiting.length > 0) timer = setTimeout(tryNext, nextAddressMs);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    tryNext();
  });
}

/** On a machine without IPv6 every IPv6 address fails; the errors of the other addresses say more. */
function mostInformative(errors: NodeJS.ErrnoException[]): Error {
  const unreachable = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);
  return errors.find(({ code }) => !unreachable.has(code ?? '')) ?? errors[0] ?? new Error('no address to connect to');
}

function secure(tcp: Connected, host: string, secureContext: SecureContext, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Neither SNI (RFC 6066 §3) nor a certificate has the trailing dot of the DNS root.
    const name = host.replace(/\.$/, '');
    const socket = startTls({
      socket: tcp.socket,
      secureContext,
      servername: isIP(name) ? '' : name,
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      ALPNProtocols: ['http/1.1'],
      // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot switch the check off.
      rejectUnauthorized: true,
    });
    const counting = setInterval(() => {
      if (tcp.received.areTooMany) socket.destroy(new TooManyBytesError());
    }, countTlsEveryMs).unref();
    socket.once('close', () => clearInterval(counting));
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => {
      socket.destroy();
      settle(() => reject(signal.reason as Error));
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    socket.once('secureConnect', () => settle(() => resolve(socket)));
    // Stays on for the life of the socket, as above.
    socket.on('error', (error: Error) => settle(() => reject(error)));
    socket.once('close', () =>
      settle(() => reject(Object.assign(new Error('closed during the TLS handshake'), { code: 'ECONNRESET' }))),
    );
  });
}
