import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import { listExpunges } from '../../src/db/expunge.js';
import { deletedTenants, removeTenantData } from '../../src/db/tenant-deletion.js';
import { carryOutExpunge } from '../../src/events/expunge.js';

export interface ForgetDeps {
  db: Database;
  log: Logger;
}

/**
 * Goes on with what calls of the API have begun: erases what is left of each expunge, and removes the data of deleted
 * tenants. Safe to repeat and to interrupt. One that fails does not keep the others from being done; then this rejects.
 */
export async function forget({ db, log }: ForgetDeps): Promise<void> {
  const { cancellationSignal } = Context.current();
  let beganAtMs = performance.now();
  const goesOn = async () => {
    Context.current().heartbeat();
    // Half of the time is left to other work.
    await delay(performance.now() - beganAtMs);
    beganAtMs = performance.now();
    return !cancellationSignal.aborted;
  };
  const failures: unknown[] = [];
  for (const expunge of await listExpunges(db, 100)) {
    try {
      const { events, attempts, isComplete } = await carryOutExpunge(db, expunge, goesOn);
      const fields = { tenant: expunge.tenantId, expunge: expunge.id, events, attempts, complete: isComplete };
      log.info(fields, 'events.expunged');
    } catch (error) {
      failures.push(error);
    }
  }
  for (const tenantId of await deletedTenants(db, 100)) {
    try {
      if (await removeTenantData(db, tenantId, goesOn)) log.info({ tenant: tenantId }, 'tenant.removed');
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
