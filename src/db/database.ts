import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { Sessions, timeouts, type Connections, type Passage, type Session, type SessionsOptions } from './sessions.js';
import { prepared, whyNameRefused, type NamedStatement } from './statement.js';
import { DatabaseUnavailableError, unavailable, whyUnavailable } from './unavailable.js';

export { DatabaseUnavailableError } from './unavailable.js';
export type { NamedStatement } from './statement.js';

export const sqlState = {
  deadlockDetected: '40P01',
  serializationFailure: '40001',
  foreignKeyViolation: '23503',
  uniqueViolation: '23505',
  dependentObjectsStillExist: '2BP01',
  invalidFunctionDefinition: '42P13',
} as const;

export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** What a query module needs: it runs one statement at a time, on a pool or inside a transaction. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(
    statement: string | NamedStatement,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

/** A transaction that is under way. */
export interface Transaction extends Queryable {
  /** `work` runs once the transaction is committed, and not at all if it is rolled back. It must not throw. */
  afterCommit(work: () => void): void;
}

export interface Database extends Queryable {
  /** Commits when `work` resolves, rolls back when it rejects. `work` must use only the `db` that it is given. */
  transaction<T>(work: (db: Transaction) => Promise<T>): Promise<T>;
  readonly connections: Connections;
  /** Waits for running statements, then closes every connection. */
  close(): Promise<void>;
}

export interface DatabaseOptions extends SessionsOptions {
  /** Default: everything passes, until something is refused. Without `names` no statement is prepared by name. */
  passage?: Passage;
  /**
   * A pooler is between us and Postgres; `evidence` says how it was noticed. Called once for each thing that it
   * refuses.
   */
  onPooler?: (evidence: string) => void;
}

/** Timeouts local to the transaction, so that they hold behind a pooler too. Sent with `begin`: no extra round trip. */
const begin = ['begin', ...Object.entries(timeouts).map(([name, ms]) => `set local ${name} = ${ms}`)].join('; ');

/** Connections open when they are needed; nothing is checked here. bigint columns arrive as numbers. */
export function openDatabase(options: DatabaseOptions): Database {
  const passage = options.passage ?? { settings: true, names: true };
  const sessions = new Sessions(options, passage, () => options.onPooler?.('it refuses settings of a session'));

  /** Rejects with the error that the caller should see; the session remembers whether it can be used again. */
  async function ask(session: Session, statement: string | NamedStatement, values?: unknown[]) {
    try {
      return await session.client.query<never>(statement as string, values);
    } catch (error) {
      const reason = whyUnavailable(error);
      if (reason === undefined) throw error;
      const unavailableError = unavailable(reason, error);
      session.failed(reason, unavailableError);
      throw unavailableError;
    }
  }

  /** Whether nothing was done, and the same statement, without a name, may succeed on another session. */
  function isWorthAnother(session: Session, statement: string | NamedStatement, error: unknown): boolean {
    if (whyUnavailable(error) === 'read-only') return session.isOld();
    const refused = typeof statement === 'object' && whyNameRefused(sqlStateOf(error));
    if (refused === 'outdated') session.failed('lost', error as Error);
    if (refused === 'foreign' && passage.names) {
      passage.names = false;
      options.onPooler?.(`it has other prepared statements than ours (${sqlStateOf(error)})`);
    }
    return Boolean(refused);
  }

  async function withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await sessions.acquire();
    try {
      return await work(session);
    } finally {
      session.release();
    }
  }

  return {
    async query(statement, values) {
      const unnamed = typeof statement === 'string' ? statement : statement.text;
      const first = typeof statement === 'object' && passage.names ? prepared(statement) : unnamed;
      const result = await withSession(async (session) => {
        try {
          return await ask(session, first, values);
        } catch (error) {
          if (isWorthAnother(session, first, error)) return 'another';
          throw error;
        }
      });
      return result === 'another' ? withSession((session) => ask(session, unnamed, values)) : result;
    },
    transaction: (work) =>
      withSession(async (session) => {
        // Without names: a refused name would break the transaction.
        const committed: (() => void)[] = [];
        const db: Transaction = {
          query: (statement, values) =>
            ask(session, typeof statement === 'string' ? statement : statement.text, values),
          afterCommit: (work) => void committed.push(work),
        };
        try {
          await db.query(begin);
          const result = await work(db);
          const { command } = await db.query('commit');
          // Postgres answers a commit like this when a statement failed, even if `work` caught the error.
          if (command === 'ROLLBACK') throw new Error('a statement of the transaction had failed: it was rolled back');
          for (const afterwards of committed) afterwards();
          return result;
        } catch (error) {
          // The first error is the one to report. A session that cannot roll back is closed, which rolls back too.
          await db.query('rollback').catch((rollbackError: unknown) => session.failed('lost', rollbackError as Error));
          throw error;
        }
      }),
    get connections() {
      return sessions.connections;
    },
    close: () => sessions.close(),
  };
}

/**
 * Resolves as `work` does, but rejects with DatabaseUnavailableError when that takes longer than `deadlineMs`. `work`
 * is not stopped: what it commits stands.
 */
export async function withDatabaseTimeout<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const timer = new AbortController();
  const timedOut = delay(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new DatabaseUnavailableError(`Postgres did not answer within ${deadlineMs} ms`);
  });
  try {
    return await Promise.race([work, timedOut]);
  } finally {
    timer.abort();
  }
}

/** Postgres accepts no NUL in text. Events carry the text unchanged. */
export const storableText = (text: string): string => text.replaceAll('\0', '\ufffd');

/** Whether Postgres can store it: no NUL, no unpaired surrogate. */
export const isStorable = (text: string): boolean => !/[\0\p{Cs}]/u.test(text);

/** The row of a statement that always returns one. */
export function oneRow<Row>(rows: Row[]): Row {
  const row = rows[0];
  if (row === undefined) throw new Error('a statement that always answers one row answered none');
  return row;
}
