import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../src/db/database.js';
import { insertEvent } from '../../src/db/events.js';
import { renderBody } from '../../src/delivery/body.js';
import { callCompleted } from './stack.js';

/** Inserts an event as if a process had committed it with `triggerEvent` and died before starting a workflow. */
export async function insertUnstarted(
  db: Queryable,
  tenantId: string,
  eventId: string = randomUUID(),
): Promise<string> {
  const occurredAt = new Date();
  const key = { tenantId, eventType: 'call.completed', eventId };
  const body = renderBody({ ...key, timestamp: occurredAt.toISOString(), data: callCompleted });
  const accepted = await insertEvent(db, { ...key, occurredAt, body });
  return accepted!.deliveries[0]!.id;
}
