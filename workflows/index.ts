/** What the worker registers. */
export { acceptEvent } from './accept-event.js';
export { collectBatches } from './collect-batches.js';
export { deliverEvent } from './deliver-event.js';
export { reconcileMessages } from './reconcile-messages.js';
export { recoverWebhook } from './recover-webhook.js';
export { sendMessage } from './send-message.js';
export { settleWebhook } from './settle-webhook.js';
export { expireHistory, forgetData, rollUpStatistics, sweepDeliveries } from './sweep.js';
export { verifyWebhook } from './verify-webhook.js';
