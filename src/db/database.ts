import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** Postgres cannot be asked at present; the same statement may succeed later. Nothing was changed, unless a commit was under way. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}

export const sqlState = {
  deadlockDetected: '40P01',
  serializationFailure: '40001',
  foreignKeyViolation: '23503',
  uniqueViolation: '23505',
  featureNotSupported: '0A000',
} as const;

/** Connection lost (08), resources gone (53), operator intervention (57P0x). */
const unavailableState = /^(08|53|57P0)/;
const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ENOENT']);

export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Parsed and planned once a connection: for what every delivery needs. One name for each text. */
export interface NamedStatement {
  name: string;
  text: string;
}

/** What a query module needs: one statement at a time, on a pool or inside a transaction. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(
    statement: string | NamedStatement,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

export interface Database extends Queryable {
  /** Commits when `work` resolves, rolls back when it rejects. */
  transaction<T>(work: (db: Queryable) => Promise<T>): Promise<T>;
  /** Waits for running statements, then closes every connection. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  poolSize: number;
  /** An idle connection was lost; the pool has dropped it already and opens another when needed. */
  onIdleError?: (error: Error) => void;
  applicationName?: string;
}

const typeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === Number(pg.types.builtins.INT8)
    ? Number
    : (pg.types.getTypeParser(oid, format) as unknown)) as typeof pg.types.getTypeParser;

/** Opens connections when they are needed; nothing is checked here. bigint columns arrive as numbers. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName ?? 'irisx-webhooks',
    connectionTimeoutMillis: 2_500,
    idleTimeoutMillis: 30_000,
    // A statement that waits longer than this has lost its connection or its lock.
    query_timeout: 15_000,
    keepAlive: true,
    types: { getTypeParser: typeParser },
  });
  // Without a listener a connection cut while idle would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));

  /** A connection on which anything went wrong but an answer of the server is closed, never pooled again. */
  async function withConnection<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error: unknown) => {
      throw unavailable(error);
    });
    let lost: Error | undefined;
    const onError = (error: Error) => void (lost = error);
    client.on('error', onError);
    try {
      return await work({
        query: async (statement, values) => {
          try {
            return await client.query(statement as string, values);
          } catch (error) {
            if (isOutdated(statement, error)) lost = error as Error;
            if (!isUnavailable(error)) throw error;
            lost = unavailable(error);
            throw lost;
          }
        },
      });
    } finally {
      client.off('error', onError);
      client.release(lost);
    }
  }

  return {
    async query(statement, values) {
      const ask = () => withConnection((db) => db.query<never>(statement, values));
      try {
        return await ask();
      } catch (error) {
        // Nothing was done; another connection prepares it anew.
        if (isOutdated(statement, error)) return ask();
        throw error;
      }
    },
    transaction: (work) =>
      withConnection(async (db) => {
        await db.query('begin');
        try {
          const result = await work(db);
          await db.query('commit');
          return result;
        } catch (error) {
          // The first error is the one to report; a connection that cannot roll back is closed, which rolls back too.
          await db.query('rollback').catch((rollbackError: unknown) => {
            if (!(rollbackError instanceof DatabaseUnavailableError)) throw rollbackError;
          });
          throw error;
        }
      }),
    close: () => pool.end(),
  };
}

/** As `work`, but rejects with DatabaseUnavailableError when it takes longer. It goes on all the same: what it commits stands. */
export async function answeredWithin<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const patience = new AbortController();
  const outOfTime = delay(deadlineMs, undefined, { signal: patience.signal }).then(() => {
    throw new DatabaseUnavailableError(`Postgres did not answer within ${deadlineMs} ms`);
  });
  try {
    return await Promise.race([work, outOfTime]);
  } finally {
    patience.abort();
  }
}

/** Postgres takes no NUL in text; events have it as it came. */
export const storableText = (text: string): string => text.replaceAll('\0', '\ufffd');

/** A migration changed what a prepared statement answers: refused on this connection for good, before it does anything. */
const isOutdated = (statement: string | NamedStatement, error: unknown) =>
  typeof statement === 'object' && sqlStateOf(error) === sqlState.featureNotSupported;

function isUnavailable(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return unavailableState.test(error.code ?? '');
  // What is no answer of the server is a lost connection or a timeout of the driver, and carries a code or none;
  // a mistake of ours is a TypeError or the like.
  if (error instanceof TypeError || error instanceof RangeError || !(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  return code === undefined ? error.constructor === Error : networkCodes.has(code);
}

function unavailable(cause: unknown): DatabaseUnavailableError {
  return cause instanceof DatabaseUnavailableError
    ? cause
    : new DatabaseUnavailableError('Postgres does not answer; check DATABASE_URL and whether the server runs', {
        cause,
      });
}

/** The rows of a statement that always answers one. */
export function oneRow<Row>(rows: Row[]): Row {
  const row = rows[0];
  if (row === undefined) throw new Error('a statement that always answers one row answered none');
  return row;
}
