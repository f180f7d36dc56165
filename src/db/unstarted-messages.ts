import type { Queryable } from './database.js';
import { nothingLeftOut, roundValues, tenantsInTurn } from './tenants-in-turn.js';

/** What a workflow is started with. */
export interface StartableMessage {
  id: string;
  tenantId: string;
}

interface StartableRow {
  id: string;
  tenant_id: string;
}

const unstarted = tenantsInTurn({
  table: 'messages',
  columns: 'owed.id, tenant_id',
  where: `status in ('pending', 'unknown') and workflow_started_at is null`,
  since: 'created_at',
  longerThan: '15 s',
});

/**
 * Messages whose workflow was not started within 15 s, a few of each tenant and tenants in turn. Starting one twice is
 * harmless: it asks Postgres what is left to do.
 */
export async function listUnstartedMessages(db: Queryable, leftOut = nothingLeftOut): Promise<StartableMessage[]> {
  const { rows } = await db.query<StartableRow>(unstarted, roundValues({ total: 500, ofTenant: 50 }, leftOut));
  return rows.map(toStartable);
}

const unsettled = tenantsInTurn({
  table: 'messages',
  columns: 'owed.id, tenant_id',
  where: `status in ('pending', 'unknown') and workflow_started_at is not null`,
  since: 'workflow_started_at',
  longerThan: '2 min',
});

/**
 * Messages that were started over two minutes ago and are still open, a few of each tenant and tenants in turn. Twilio
 * is busy or has yet to be asked, or their workflow was terminated or lost. A marked message comes again two minutes
 * later.
 */
export async function listUnsettledMessages(db: Queryable, leftOut = nothingLeftOut): Promise<StartableMessage[]> {
  const { rows } = await db.query<StartableRow>(unsettled, roundValues({ total: 50, ofTenant: 5 }, leftOut));
  return rows.map(toStartable);
}

/** Marks messages so that the sweeper leaves them alone for now. */
export async function markMessagesStarted(db: Queryable, ids: string[]): Promise<void> {
  await db.query('update messages set workflow_started_at = now() where id = any ($1::uuid[])', [ids]);
}

const toStartable = (row: StartableRow): StartableMessage => ({ id: row.id, tenantId: row.tenant_id });
