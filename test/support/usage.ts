import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../src/db/database.js';
import { recordWithEvents, triggerEvent, type TriggerDeps, type TriggeredEvent } from '../../src/events/trigger.js';
import { countUsage, type Use } from '../../src/sources/usage/count-usage.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { callCompleted } from './stack.js';

export interface UsageFixture {
  database: TestDatabase;
  db: Database;
  deps: TriggerDeps;
  /** Counts as a source does, in a transaction of its own, then triggers the events in `also`. */
  count(use: Use, also?: TriggeredEvent[]): Promise<void>;
  /** Triggers one event, as `POST /v1/events` does. */
  triggerOne(tenantId: string, eventId: string): Promise<unknown>;
  /** Only the tenant's alerts, by month, resource and limit; for one limit, the warning comes first. */
  alerts(tenantId: string): Promise<AlertEvent[]>;
  close(): Promise<void>;
}

export interface AlertEvent {
  /** The last part of the event type. */
  alert: string;
  id: string;
  timestamp: string;
  data: { resource: string; current: number; limit: number; month: string; percent_used?: number; timestamp: string };
}

/** Sorts by the first part in which two rows differ. */
export function sortBy<T>(rows: T[], parts: (row: T) => (string | number)[]): T[] {
  return rows.toSorted((a, b) => {
    const [left, right] = [parts(a), parts(b)];
    const i = left.findIndex((part, index) => part !== right[index]);
    return i < 0 ? 0 : left[i]! < right[i]! ? -1 : 1;
  });
}

/** Counts usage on a database of its own; nothing is delivered. */
export async function createUsageFixture(): Promise<UsageFixture> {
  const database = await createTestDatabase();
  const db = openDatabase({ url: database.url, poolSize: 10 });
  const deps: TriggerDeps = { db, workflows: { start: () => undefined, collect: () => undefined } };
  return {
    database,
    db,
    deps,
    count: (use, also = []) =>
      recordWithEvents(deps, async (tx, trigger) => {
        await countUsage(
          tx,
          async (event) => {
            const isNew = await trigger(event);
            assert.ok(isNew, `${event.eventId} was found due twice`);
            return isNew;
          },
          use,
        );
        for (const event of also) await trigger(event);
      }),
    triggerOne: (tenantId, eventId) => triggerEvent(deps, completed(tenantId, eventId)),
    async alerts(tenantId) {
      const { rows } = await database.pool.query<{ event_type: string; event_id: string; body: string }>(
        `select event_type, event_id, body from webhook_events
          where tenant_id = $1 and event_type like 'tenant.limit.%'`,
        [tenantId],
      );
      const alerts = rows.map((row) => ({
        alert: row.event_type.split('.')[2]!,
        id: row.event_id,
        ...(JSON.parse(row.body) as { timestamp: string; data: AlertEvent['data'] }),
      }));
      return sortBy(alerts, ({ alert, data }) => [data.month, data.resource, data.limit, alert === 'warning' ? 0 : 1]);
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

export const completed = (tenantId: string, eventId: string): TriggeredEvent<'call.completed'> => ({
  tenantId,
  eventType: 'call.completed',
  eventId,
  payload: callCompleted,
});
