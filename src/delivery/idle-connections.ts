import type { Connection } from './connection.js';

export interface IdleConnection {
  origin: string;
  /** What the socket is connected to. */
  address: string;
  connection: Connection;
}

export interface IdleConnections {
  /** The one used last for this origin that leads to one of these addresses; it is then the caller's alone. */
  take(origin: string, addresses: string[]): IdleConnection | undefined;
  /** Keeps a connection for the next attempt, or closes it when it is of no more use. */
  put(origin: string, address: string, connection: Connection): void;
  /** Closes all, now and in future. */
  close(): void;
}

/** Open connections without a request. When there are too many, those idle the longest are closed. */
export function createIdleConnections(maxPerOrigin: number, max: number): IdleConnections {
  // In order of becoming idle. A walk through it is short: max bounds it.
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
      if (isClosed || !connection.isUsable) return connection.destroy();
      const entry = { origin, address, connection };
      kept.add(entry);
      connection.onClosed = () => kept.delete(entry);
      const ofOrigin = [...kept].filter((other) => other.origin === origin).length;
      dropOldest(ofOrigin, maxPerOrigin, (other) => other.origin === origin);
      dropOldest(kept.size, max, () => true);
    },
    close() {
      isClosed = true;
      dropOldest(kept.size, 0, () => true);
    },
  };
}
