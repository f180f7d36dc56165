import type { BatchingWebhook } from '../db/batches.js';
import type { StartableDelivery, WokenDelivery } from '../db/events.js';
import type { StartableRecovery } from '../db/recoveries.js';
import type { SettlingWebhook } from '../db/settling.js';
import type { StartableMessage } from '../db/unstarted-messages.js';
import type { UnverifiedWebhook } from '../db/verifications.js';

/** What events and the API ask of Temporal. No call waits or fails; what Temporal misses, the sweeper starts. */
export interface DeliveryWorkflows {
  /** Starts the workflows of new deliveries. */
  start(deliveries: StartableDelivery[]): void;
  /** These deliveries changed in Postgres: starts their workflows, or tells the running ones to check again. */
  wake(deliveries: WokenDelivery[]): void;
  /** Starts the workflows of deliveries that a recovery made pending; live events go first. */
  startRecovered(deliveries: StartableDelivery[]): void;
  /** Starts the workflows of these recoveries, or tells the running ones to check again. */
  recover(recoveries: StartableRecovery[]): void;
  /** Applies a change of webhooks' settings to their deliveries. */
  settle(webhooks: SettlingWebhook[]): void;
  /** Has the deliveries of these webhooks that wait for a batch leave when one is full or due. */
  collect(webhooks: BatchingWebhook[]): void;
  /** Has the receivers of these webhooks asked, unless that is done. */
  verify(webhooks: UnverifiedWebhook[]): void;
}

/** Like `DeliveryWorkflows`: what Temporal misses, the sweeper starts. */
export interface MessageWorkflows {
  /** Starts the workflow of a new message. */
  startMessage(message: StartableMessage): void;
}
