import type { StartableDelivery } from '../db/events.js';
import type { SettlingWebhook } from '../db/settling.js';
import type { StartableMessage } from '../db/unstarted-messages.js';

/** What events and API tell Temporal. No call waits, fails or loses anything: what Temporal misses, the sweeper starts. */
export interface DeliveryWorkflows {
  /** Starts the workflows of new deliveries. */
  start(deliveries: StartableDelivery[]): void;
  /** Something about these deliveries changed in Postgres: starts their workflow, or tells the running one to ask again. */
  wake(deliveries: StartableDelivery[]): void;
  /** Has the deliveries of webhooks follow a change of their settings. */
  settle(webhooks: SettlingWebhook[]): void;
}

/** As for deliveries: what Temporal misses, the sweeper starts. */
export interface MessageWorkflows {
  /** Starts the workflow of a new message. */
  startMessage(message: StartableMessage): void;
}
