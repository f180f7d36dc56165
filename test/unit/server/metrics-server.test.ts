import assert from 'node:assert/strict';
import { DatabaseUnavailableError, type Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { serveMetrics } from '../../../src/server/metrics-server.js';

describe('the server of metrics', () => {
  const pool = (transaction: Database['transaction']): Database => ({
    query: () => Promise.reject(new Error('not asked')),
    transaction,
    connections: { open: 1, idle: 1, waiting: 0 },
    close: async () => undefined,
  });
  const unused = pool(() => Promise.reject(new Error('not asked')));

  it('asks Postgres once, however often its page is read, and is up while Postgres is away', async () => {
    let asked = 0;
    const metrics = pool(() => {
      asked += 1;
      return Promise.reject(new DatabaseUnavailableError('Postgres is away'));
    });
    const lines: string[] = [];
    const server = await serveMetrics({
      address: '[::1]:0',
      sdkAddress: undefined,
      databases: { api: unused, worker: unused, metrics },
      temporalProblems: () => 0,
      log: createLogger({ level: 'warn', format: 'json' }, { write: (line: string) => void lines.push(line) }),
    });
    try {
      for (let reads = 0; reads < 3; reads++) {
        const page = await (await fetch(`http://[::1]:${server.address.port}/metrics`)).text();
        assert.match(page, /^irisx_postgres_up 0$/m);
        assert.doesNotMatch(page, /^irisx_deliveries_pending /m);
        assert.match(page, /^irisx_postgres_waiting\{pool="api"\} 0$/m);
      }
      assert.equal(asked, 1);
      assert.equal(lines.filter((line) => line.includes('metrics.without_backlog')).length, 1);
    } finally {
      await server.close();
    }
  });
});
