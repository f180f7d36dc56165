import pg from 'pg';
import { unavailable, whyUnavailable, type UnavailableReason } from './unavailable.js';

/** How long to wait for a free or a new connection; after that the caller gets DatabaseUnavailableError. */
const connectTimeoutMs = 2_500;
/** How long the driver waits for an answer before it counts the connection as lost. */
const queryTimeoutMs = 15_000;

/** In milliseconds, as Postgres takes them. Postgres gives up a little before the driver, so the session is kept. */
export const timeouts = {
  lock_timeout: 5_000,
  statement_timeout: 14_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;

/** Protocol violation: a pooler's answer to a new connection with a setting that it does not pass on. */
const settingRefused = '08P01';
/** A session younger than this leads to the same server as a new one would. */
const freshMs = 1_000;

/**
 * What a pooler between us and Postgres lets through. Shared by the pools of a process, so that a refusal is found out
 * only once. Values only ever change from true to false.
 */
export interface Passage {
  /** Session settings that are given when connecting. */
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

/** The state of one pool. */
export interface Connections {
  open: number;
  /** Of those that are open. */
  idle: number;
  /** Callers that wait for a connection. */
  waiting: number;
}

/** A connection that one caller has to itself. */
export interface Session {
  client: pg.PoolClient;
  /** Reports what went wrong on it. Lost and read-only sessions are closed, never pooled again. */
  failed(reason: UnavailableReason, error: Error): void;
  /** It may lead to the server from before a failover: another session is worth a try. */
  isOld(): boolean;
  release(): void;
}

/** The connections of one pool, opened when they are needed. After a failover none is kept to the old server. */
export class Sessions {
  readonly #pools: { withSettings: pg.Pool; plain?: pg.Pool };
  readonly #openedAt = new WeakMap<pg.PoolClient, number>();
  readonly #readOnly = new WeakSet<pg.PoolClient>();
  /** When an old session turned out to be read-only: sessions opened before then lead to the same server. */
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

  get connections(): Connections {
    const pools: pg.Pool[] = Object.values(this.#pools);
    const sum = (numberOf: (pool: pg.Pool) => number) => pools.reduce((total, pool) => total + numberOf(pool), 0);
    return {
      open: sum(({ totalCount }) => totalCount),
      idle: sum(({ idleCount }) => idleCount),
      waiting: sum(({ waitingCount }) => waitingCount),
    };
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
      query_timeout: queryTimeoutMs,
      keepAlive: true,
      types: { getTypeParser: typeParser },
    });
    // Without a listener, losing an idle connection would end the process.
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
        // Transactions still set their timeouts themselves, and the driver has its own.
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
          // While Postgres takes no writes at all, a new session is tried once a second, not for each call.
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
