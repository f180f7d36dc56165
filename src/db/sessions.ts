import pg from 'pg';
import { unavailable, whyUnavailable, type UnavailableReason } from './unavailable.js';

/** For a free connection, or a new one; after that whoever asked is told to come again. */
const connectTimeoutMs = 2_500;
/** The longest that the driver waits for an answer: then the connection is lost. */
const answerTimeoutMs = 15_000;

/** In milliseconds, as Postgres takes them. It gives up a little before the driver, so that the session is kept. */
export const timeouts = {
  lock_timeout: 5_000,
  statement_timeout: 14_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;

/** Protocol violation: a pooler's answer to a new connection with a setting that it does not pass on. */
const settingRefused = '08P01';
/** A session this young leads where a new one would lead. */
const freshMs = 1_000;

/**
 * What a pooler between us and Postgres lets through. Shared by the pools of a process: what one has found out need not
 * be found out by the others. Only ever becomes less.
 */
export interface Passage {
  /** Settings of a session, given with the connection. */
  settings: boolean;
  /** Names of prepared statements. */
  names: boolean;
}

export interface SessionsOptions {
  url: string;
  poolSize: number;
  applicationName?: string;
  /** An idle connection was lost; the pool has dropped it already and opens another when needed. */
  onIdleError?: (error: Error) => void;
}

/** A connection that one caller has to itself. */
export interface Session {
  client: pg.PoolClient;
  /** What went wrong on it. Lost and read-only ones are closed, never pooled again. */
  failed(reason: UnavailableReason, error: Error): void;
  /** It may lead where Postgres was before a failover: another one is worth a try. */
  isOld(): boolean;
  release(): void;
}

/** The connections of one pool, opened when they are needed. After a failover none stays that leads to the old server. */
export class Sessions {
  readonly #pools: { withSettings: pg.Pool; plain?: pg.Pool };
  readonly #openedAt = new WeakMap<pg.PoolClient, number>();
  readonly #readOnly = new WeakSet<pg.PoolClient>();
  /** An old session answered that it takes no writes: those opened before then lead to the same server. */
  #staleBefore = -Infinity;

  constructor(
    private readonly options: SessionsOptions,
    private readonly passage: Passage,
    private readonly onSettingsRefused: () => void,
  ) {
    this.#pools = { withSettings: this.#openPool(timeouts) };
  }

  async acquire(): Promise<Session> {
    for (;;) {
      const client = await this.#connect();
      if (!this.#isStale(client)) return this.#session(client);
      client.release(true);
    }
  }

  /** Waits for running statements, then closes every connection. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool: pg.Pool) => pool.end()));
  }

  #openPool(settings: Partial<typeof timeouts>): pg.Pool {
    const { url, poolSize, applicationName = 'irisx-webhooks', onIdleError } = this.options;
    const pool = new pg.Pool({
      ...settings,
      connectionString: url,
      max: poolSize,
      application_name: applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: 30_000,
      query_timeout: answerTimeoutMs,
      keepAlive: true,
      types: { getTypeParser: typeParser },
    });
    // Without a listener a connection cut while idle would end the process.
    pool.on('error', (error) => onIdleError?.(error));
    pool.on('connect', (client) => this.#openedAt.set(client, performance.now()));
    return pool;
  }

  async #connect(): Promise<pg.PoolClient> {
    const hasSettings = this.passage.settings;
    const pool = hasSettings ? this.#pools.withSettings : (this.#pools.plain ??= this.#openPool({}));
    const mustWait = pool.idleCount === 0 && pool.totalCount >= this.options.poolSize;
    try {
      return await pool.connect();
    } catch (error) {
      if (hasSettings && error instanceof pg.DatabaseError && error.code === settingRefused) {
        // Transactions have their timeouts all the same, and the driver its own.
        if (this.passage.settings) this.onSettingsRefused();
        this.passage.settings = false;
        return this.#connect();
      }
      const reason = whyUnavailable(error) ?? 'lost';
      throw unavailable(mustWait && reason === 'lost' ? 'busy' : reason, error);
    }
  }

  #ageMs(client: pg.PoolClient): number {
    return performance.now() - (this.#openedAt.get(client) ?? 0);
  }

  #isStale(client: pg.PoolClient): boolean {
    return (
      (this.#openedAt.get(client) ?? 0) < this.#staleBefore ||
      (this.#readOnly.has(client) && this.#ageMs(client) > freshMs)
    );
  }

  #session(client: pg.PoolClient): Session {
    let lost: Error | undefined;
    const onError = (error: Error) => void (lost = error);
    client.on('error', onError);
    return {
      client,
      failed: (reason, error) => {
        if (reason === 'lost') lost = error;
        else if (reason === 'read-only') {
          // While Postgres takes no writes at all, new sessions are tried each second, not for each call.
          if (this.#ageMs(client) <= freshMs) return void this.#readOnly.add(client);
          lost = error;
          this.#staleBefore = Math.max(this.#staleBefore, performance.now() - freshMs);
        }
      },
      isOld: () => this.#ageMs(client) > freshMs,
      release: () => {
        client.off('error', onError);
        client.release(lost);
      },
    };
  }
}

/** bigint columns arrive as numbers. */
const typeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === Number(pg.types.builtins.INT8)
    ? Number
    : (pg.types.getTypeParser(oid, format) as unknown)) as typeof pg.types.getTypeParser;
