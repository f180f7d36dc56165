import { LRUCache } from 'lru-cache';
import type { Connection } from './connection.js';

export interface IdleConnection {
  origin: string;
  /** What the socket is connected to. */
  address: string;
  connection: Connection;
}

export interface IdleConnections {
  /**
   * The most recently used connection of this origin to one of these addresses. It then belongs to the caller alone.
   */
  take(origin: string, addresses: string[]): IdleConnection | undefined;
  /** Keeps a connection for the next attempt, or closes it if it cannot be used again. */
  put(origin: string, address: string, connection: Connection): void;
  /** Closes the idle connections of one origin. */
  closeOrigin(origin: string): void;
  /** Counts a reused connection of this origin that broke without a response. After three, none is kept for a while. */
  countBroken(origin: string): void;
  /** Whether `put` would keep a connection of this origin. */
  mayKeep(origin: string): boolean;
  /** Closes all idle connections, and from now on each one that is put. */
  close(): void;
}

export interface IdleConnectionsOptions {
  maxPerOrigin: number;
  max: number;
  /** How long broken connections count, and how long none is kept after the third; default 10 minutes. */
  distrustMs?: number;
}

const maxBroken = 3;
/** How many origins with broken connections are remembered; beyond that, the least recently used is forgotten. */
const maxDistrusted = 5000;

/**
 * Open connections without a request. When there are too many, those idle the longest are closed. A receiver that keeps
 * breaking them without notice gets a new connection for each request: a handshake costs less than a failed attempt.
 */
export function createIdleConnections({
  maxPerOrigin,
  max,
  distrustMs = 600_000,
}: IdleConnectionsOptions): IdleConnections {
  const broken = new LRUCache<string, number>({ max: maxDistrusted, ttl: distrustMs });
  const mayKeep = (origin: string): boolean => (broken.get(origin) ?? 0) < maxBroken;
  // In the order in which they became idle. Iterating is cheap: `max` bounds it.
  const kept = new Set<IdleConnection>();
  let isClosed = false;

  const dropOldest = (count: number, limit: number, isCandidate: (entry: IdleConnection) => boolean): void => {
    let excess = count - limit;
    for (const entry of kept) {
      if (excess <= 0) return;
      if (!isCandidate(entry)) continue;
      kept.delete(entry);
      entry.connection.destroy();
      excess--;
    }
  };

  return {
    take(origin, addresses) {
      for (const entry of [...kept].reverse()) {
        if (entry.origin !== origin || !addresses.includes(entry.address)) continue;
        kept.delete(entry);
        if (entry.connection.isUsable) return entry;
      }
      return undefined;
    },
    put(origin, address, connection) {
      if (isClosed || !connection.isUsable || !mayKeep(origin)) return connection.destroy();
      const entry = { origin, address, connection };
      kept.add(entry);
      connection.onClosed = () => kept.delete(entry);
      const ofOrigin = [...kept].filter((other) => other.origin === origin).length;
      dropOldest(ofOrigin, maxPerOrigin, (other) => other.origin === origin);
      dropOldest(kept.size, max, () => true);
    },
    closeOrigin(origin) {
      dropOldest(kept.size, 0, (entry) => entry.origin === origin);
    },
    countBroken(origin) {
      broken.set(origin, (broken.get(origin) ?? 0) + 1);
    },
    mayKeep,
    close() {
      isClosed = true;
      dropOldest(kept.size, 0, () => true);
    },
  };
}
