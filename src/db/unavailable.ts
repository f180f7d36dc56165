import { constants } from 'node:os';
import pg from 'pg';

/**
 * `lost`: no answer, or the server has ended this session. `read-only`: the server answers but takes no writes, like a
 * former primary or a server with a full disk. `busy`: a lock, or one of our connections, was not free in time.
 */
export type UnavailableReason = 'lost' | 'read-only' | 'busy';

/**
 * Postgres is unavailable at present; the same statement may succeed later. Nothing was changed, unless a commit was
 * under way.
 */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  readonly reason: UnavailableReason;
  constructor(message: string, { reason = 'lost', cause }: { reason?: UnavailableReason; cause?: unknown } = {}) {
    super(message, { cause });
    this.reason = reason;
  }
}

/**
 * The error codes (Postgres' Appendix A) that are not the statement's fault: connection lost or refused by a pooler
 * (08), resources gone (53), operator intervention (57P0x: shutdown, crash, starting up, database dropped, idle),
 * system errors such as I/O (58), and transactions that the server ended because they took too long (25P03, 25P04).
 */
const lostStates = /^(08|53|57P0|58|25P03$|25P04$)/;
const readOnlyState = '25006';
/** lock_not_available, query_canceled: our own timeouts, or an operator's pg_cancel_backend. The session is sound. */
const busyStates = new Set(['55P03', '57014']);

/** Any errno counts: a socket never fails with one that has nothing to do with sockets. Only libuv has EHOSTDOWN. */
const isNetworkCode = (code: string) =>
  code in constants.errno || /^(?:EHOSTDOWN|ENOTFOUND|EAI_\w+|ERR_(?:SSL|TLS|STREAM|SOCKET)_\w+)$/.test(code);

/** Undefined for a mistake, ours or the caller's, which the same statement would cause again. */
export function whyUnavailable(error: unknown): UnavailableReason | undefined {
  if (error instanceof DatabaseUnavailableError) return error.reason;
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? '';
    if (code === readOnlyState) return 'read-only';
    if (busyStates.has(code)) return 'busy';
    return lostStates.test(code) ? 'lost' : undefined;
  }
  // An error that is no answer of the server is a lost connection or a timeout of the driver, with or without a code.
  // A mistake of ours is a TypeError or the like.
  if (error instanceof TypeError || error instanceof RangeError || !(error instanceof Error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  const isLost = code === undefined ? error.constructor === Error : isNetworkCode(code);
  return isLost ? 'lost' : undefined;
}

const messages: Record<UnavailableReason, string> = {
  lost: 'Postgres does not answer; check DATABASE_URL and whether the server runs',
  'read-only': 'Postgres takes no writes: a standby, or a server that was made read-only',
  busy: 'Postgres is busy: a lock was not free in time',
};

export function unavailable(reason: UnavailableReason, cause: unknown): DatabaseUnavailableError {
  return cause instanceof DatabaseUnavailableError
    ? cause
    : new DatabaseUnavailableError(messages[reason], { reason, cause });
}
