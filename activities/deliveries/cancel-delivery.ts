import type { Database } from '../../src/db/database.js';
import { settleDelivery } from '../../src/db/deliveries.js';

export interface CancelDeliveryInput {
  deliveryId: string;
}

/** An operator cancelled the workflow, so the delivery is cancelled too. No effect on one that has ended. */
export async function cancelDelivery({ db }: { db: Database }, { deliveryId }: CancelDeliveryInput): Promise<void> {
  await settleDelivery(db, deliveryId, 'cancelled');
}
