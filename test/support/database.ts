import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  url: string;
  pool: pg.Pool;
  /** Ends the pool and removes the database, even if something is still connected to it. */
  drop: () => Promise<void>;
}

// Any number, as long as all test processes take the same.
const cloningLock = 7_236_001;

/** A test file's own migrated database: a clone of the template that `test/run.ts` made. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(5).toString('hex')}`;
  const template = requireEnv('TEST_TEMPLATE_DATABASE');
  // A template counts as in use while it is cloned, and test files run in parallel.
  await withMaintenanceClient(async (client) => {
    await client.query('select pg_advisory_lock($1)', [cloningLock]);
    await client.query(`create database ${name} template ${template}`);
  });
  const url = new URL(requireEnv('TEST_POSTGRES_URL'));
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 10 });
  // `drop` or a test may cut idle connections.
  pool.on('error', () => {});
  return {
    url: url.href,
    pool,
    async drop() {
      await pool.end();
      await withMaintenanceClient((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

async function withMaintenanceClient(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: requireEnv('TEST_POSTGRES_URL') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end(); // and with it the lock
  }
}

function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with npm test -- <file>, which starts the servers`);
  return value;
}
