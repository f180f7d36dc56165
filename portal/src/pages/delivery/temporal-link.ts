import type { Delivery } from '../../../../src/client/api-types.js';

/** The id of the workflow that sends a delivery, or the batch that it is in (src/temporal/start-workflows.ts). */
export function workflowIdOf(delivery: Pick<Delivery, 'id' | 'webhook_id' | 'event_type' | 'batch_id'>): string {
  const { id, webhook_id: webhookId, event_type: eventType, batch_id: batchId } = delivery;
  return batchId === null || batchId === id
    ? `webhook-${webhookId}/${eventType}/${id}`
    : `webhook-${webhookId}/batch/${batchId}`;
}

/** Its page in the Temporal Web UI. */
export const temporalLink = (uiUrl: string, namespace: string, workflowId: string): string =>
  `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
