import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import { listNextInTurn } from '../../src/db/unstarted-deliveries.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';

export interface NextInTurnDeps {
  db: Database;
  workflows: Pick<DeliveryWorkflows, 'wake' | 'collect'>;
  log: Logger;
}

/**
 * A delivery has ended that takes part in an order, or a batch: starts the next one of each ordering key. Never rejects:
 * Postgres knows that it is due, and the sweeper starts what nobody started.
 */
export async function startNextInTurn({ db, workflows, log }: NextInTurnDeps, endedDeliveryId: string): Promise<void> {
  try {
    const next = await listNextInTurn(db, endedDeliveryId);
    // Its workflow may be just ending, since its turn had not come.
    workflows.wake(
      next
        .filter(({ collects }) => !collects)
        .map(({ collects: _, ...delivery }) => ({ ...delivery, hasWorkflow: false })),
    );
    workflows.collect(next.filter(({ collects }) => collects).slice(0, 1));
  } catch (error) {
    log.warn({ error, delivery: endedDeliveryId }, 'delivery.next_not_started: the sweeper starts it');
  }
}
