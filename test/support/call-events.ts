import type { Pool } from 'pg';
import { openDatabase, type Database } from '../../src/db/database.js';
import type { CallHandlerDeps } from '../../src/sources/calls/call-handler.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields: Record<string, unknown>;
}

export interface CallFixture {
  database: TestDatabase;
  db: Database;
  /** Tenants by the platform's own ids. */
  tenants: Map<string, string>;
  lines: LogLine[];
  deps: CallHandlerDeps;
  /** The triggered events, in the order of acceptance. */
  events(): Promise<TriggeredCallEvent[]>;
  /** Forgets all calls and events; the tenants stay. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface TriggeredCallEvent {
  /** The platform's own id of the tenant. */
  tenant: string;
  type: string;
  id: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** A database with the tenants 42, 43 and 77, and the dependencies of the call sources. Nothing is delivered. */
export async function createCallFixture(): Promise<CallFixture> {
  const database = await createTestDatabase();
  const db = openDatabase({ url: database.url, poolSize: 10 });
  const { pool } = database;
  const tenants = new Map<string, string>();
  for (const externalId of ['42', '43', '77']) tenants.set(externalId, await insertExternalTenant(pool, externalId));
  const nameOf = new Map([...tenants].map(([externalId, id]) => [id, externalId]));
  const lines: LogLine[] = [];
  const write = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: fields as Record<string, unknown> });
  return {
    database,
    db,
    tenants,
    lines,
    deps: {
      db,
      workflows: { start: () => undefined, collect: () => undefined },
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      recordingUrlTemplate: 'https://recordings.example.com/{file}',
    },
    async events() {
      const { rows } = await pool.query<{ tenant_id: string; event_type: string; event_id: string; body: string }>(
        'select tenant_id, event_type, event_id, body from webhook_events order by created_at, id',
      );
      return rows.map((row) => ({
        tenant: nameOf.get(row.tenant_id) ?? row.tenant_id,
        type: row.event_type,
        id: row.event_id,
        ...(JSON.parse(row.body) as { timestamp: string; data: Record<string, unknown> }),
      }));
    },
    async clear() {
      lines.length = 0;
      await pool.query('truncate calls, call_events, recordings, webhook_events, tenant_usage cascade');
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

async function insertExternalTenant(pool: Pool, externalId: string): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    'insert into tenants (name, external_id) values ($1, $1) returning id',
    [externalId],
  );
  return rows[0]!.id;
}
