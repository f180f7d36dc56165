import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { BatchingWebhook } from '../db/batches.js';
import type { StartableDelivery } from '../db/events.js';
import type { StartableRecovery } from '../db/recoveries.js';
import type { SettlingWebhook } from '../db/settling.js';
import type { StartableMessage } from '../db/unstarted-messages.js';
import type { UnverifiedWebhook } from '../db/verifications.js';
import { startSpan } from '../tracing/spans.js';
import { hasPersonalIds } from '../events/personal-ids.js';
import type { DeliveryInput } from '../../workflows/contract/delivery-input.js';
import type { collectBatches } from '../../workflows/collect-batches.js';
import type { deliverEvent } from '../../workflows/deliver-event.js';
import type { recoverWebhook } from '../../workflows/recover-webhook.js';
import type { settleWebhook } from '../../workflows/settle-webhook.js';
import type { sendMessage } from '../../workflows/send-message.js';
import type { verifyWebhook } from '../../workflows/verify-webhook.js';

/** Operators find runs by these in the Temporal Web UI. */
export const searchAttributes = {
  tenantId: defineSearchAttributeKey('TenantId', SearchAttributeType.KEYWORD),
  webhookId: defineSearchAttributeKey('WebhookId', SearchAttributeType.INT),
  eventType: defineSearchAttributeKey('EventType', SearchAttributeType.KEYWORD),
  eventId: defineSearchAttributeKey('EventId', SearchAttributeType.KEYWORD),
};

export interface StartOptions {
  taskQueue: string;
  /** The client's connection is that of a worker in this process: the first workflow task comes with the start. */
  eager: boolean;
}

/** The result of a call that starts a workflow. */
export interface StartResult {
  /** Its workflow task: came with the response, so that this process runs it; waits in its queue; or there is none. */
  task: 'here' | 'queued' | 'none';
  /** A run began. False: it was already running. */
  started: boolean;
}

const ranAlready: StartResult = { task: 'none', started: false };
const ranNow = (isEager: boolean | undefined): StartResult => ({ task: isEager ? 'here' : 'queued', started: true });

/**
 * The id of a delivery's workflow, always the same: a second start is refused. Says to operators what it is. A
 * delivery's id is unique in all databases that share a namespace.
 */
export const deliveryWorkflowId = ({
  webhookId,
  eventType,
  id,
}: Pick<StartableDelivery, 'webhookId' | 'eventType' | 'id'>): string => `webhook-${webhookId}/${eventType}/${id}`;

/** Resolves when the workflow runs, whoever started it. Idempotent: a delivery's workflow always has the same id. */
export async function startDelivery(
  client: Client,
  delivery: StartableDelivery,
  options: StartOptions,
): Promise<StartResult> {
  return (await startNew(client, delivery, options)) ?? ranAlready;
}

/**
 * Signals the running workflow to check Postgres again, or starts one. Unlike a start, this is safe if the run is just
 * ending: an accepted signal makes that run check once more.
 */
export async function wakeDelivery(
  client: Client,
  delivery: StartableDelivery,
  options: StartOptions,
): Promise<StartResult> {
  await client.workflow.signalWithStart<typeof deliverEvent>('deliverEvent', {
    ...startArguments(delivery, options.taskQueue),
    signal: 'wake',
    signalArgs: [],
  });
  // Temporal does not say which it was; callers assume that it was running.
  return { task: 'queued', started: false };
}

/** Like `wakeDelivery`, for when most likely nothing runs: signal-with-start cannot be eager, a plain start can. */
export async function startOrWakeDelivery(
  client: Client,
  delivery: StartableDelivery,
  options: StartOptions,
): Promise<StartResult> {
  return (await startNew(client, delivery, options)) ?? wakeDelivery(client, delivery, options);
}

/** Undefined if it is already running. */
async function startNew(
  client: Client,
  delivery: StartableDelivery,
  options: StartOptions,
): Promise<StartResult | undefined> {
  const span = startSpanOf(delivery);
  try {
    const { eagerlyStarted } = await client.workflow.start<typeof deliverEvent>('deliverEvent', {
      ...startArguments(delivery, options.taskQueue),
      requestEagerStart: options.eager,
    });
    return ranNow(eagerlyStarted);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    span?.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span?.end();
  }
}

/** Leads from the trace of an event to the workflow of its delivery. What the sweeper starts has none. */
const startSpanOf = (delivery: StartableDelivery) =>
  delivery.traceparent === undefined
    ? undefined
    : startSpan('start deliverEvent', {
        kind: SpanKind.PRODUCER,
        parent: delivery.traceparent,
        attributes: {
          'irisx.event': delivery.eventRowId,
          'irisx.delivery': delivery.id,
          'irisx.webhook': delivery.webhookId,
          'temporal.workflow': deliveryWorkflowId(delivery),
        },
      });

function startArguments(delivery: StartableDelivery, taskQueue: string) {
  return {
    taskQueue,
    workflowId: deliveryWorkflowId(delivery),
    // Postgres says what is left to do, so a closed run is no reason to refuse: the delivery may be retried by hand.
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    args: [{ deliveryId: delivery.id, webhookId: delivery.webhookId, tenantId: delivery.tenantId }] as [DeliveryInput],
    typedSearchAttributes: [
      { key: searchAttributes.tenantId, value: delivery.tenantId },
      { key: searchAttributes.webhookId, value: delivery.webhookId },
      { key: searchAttributes.eventType, value: delivery.eventType },
      // Temporal keeps it for as long as the run: nobody could erase it.
      ...(hasPersonalIds(delivery.eventType) ? [] : [{ key: searchAttributes.eventId, value: delivery.eventId }]),
    ],
    // Our id of the event: it is in the log, and receivers get it as `webhook-id`.
    memo: { event: delivery.eventRowId },
    staticSummary: `${summaryOf(delivery)} → webhook ${delivery.webhookId}`,
    // If the server's queues are fair, no tenant's backlog delays another tenant's deliveries.
    priority: { fairnessKey: delivery.tenantId },
  };
}

const summaryOf = ({ eventType, batchSize }: StartableDelivery) =>
  batchSize === undefined ? eventType : `batch of ${batchSize} events`;

type WorkflowOfWebhook = typeof settleWebhook | typeof recoverWebhook | typeof verifyWebhook | typeof collectBatches;

/** Starts a workflow of a webhook, or wakes the one that runs: it checks Postgres once more before it ends. */
async function wakeForWebhook<W extends WorkflowOfWebhook>(
  client: Client,
  type: string,
  // Only what the workflow needs, whatever else the caller's object has: arguments are stored in plain text.
  input: Parameters<W>[0],
  // The id: a webhook's is unique only within one database, and other databases may share the namespace.
  options: { taskQueue: string; workflowId: string; staticSummary: string },
): Promise<void> {
  await client.workflow.signalWithStart(type, {
    ...options,
    args: [input],
    signal: 'wake',
    signalArgs: [],
    typedSearchAttributes: [
      { key: searchAttributes.tenantId, value: input.tenantId },
      { key: searchAttributes.webhookId, value: input.webhookId },
    ],
    priority: { fairnessKey: input.tenantId },
  });
}

/** Applies a webhook's settings to its deliveries. */
export async function startSettling(
  client: Client,
  { webhookId, tenantId }: SettlingWebhook,
  { taskQueue }: StartOptions,
): Promise<void> {
  const workflowId = `${taskQueue}-settle-webhook-${webhookId}`;
  const staticSummary = `deliveries follow the settings of webhook ${webhookId}`;
  const input = { webhookId, tenantId };
  await wakeForWebhook<typeof settleWebhook>(client, 'settleWebhook', input, { taskQueue, workflowId, staticSummary });
}

/** Carries out a recovery. A workflow that already runs checks at once what is left, as after a cancellation. */
export async function startRecovery(
  client: Client,
  { recoveryId, webhookId, tenantId }: StartableRecovery,
  { taskQueue }: StartOptions,
): Promise<void> {
  const workflowId = `webhook-${webhookId}/recovery/${recoveryId}`;
  const staticSummary = `recovery of webhook ${webhookId}`;
  const input = { recoveryId, webhookId, tenantId };
  await wakeForWebhook<typeof recoverWebhook>(client, 'recoverWebhook', input, {
    taskQueue,
    workflowId,
    staticSummary,
  });
}

/** Asks the receivers of an unverified webhook. A workflow that already runs checks once more what is to be asked. */
export async function startVerification(
  client: Client,
  { webhookId, tenantId }: UnverifiedWebhook,
  { taskQueue }: StartOptions,
): Promise<void> {
  const workflowId = `webhook-${webhookId}/verify/${tenantId}`;
  const staticSummary = `verification of webhook ${webhookId}`;
  const input = { webhookId, tenantId };
  await wakeForWebhook<typeof verifyWebhook>(client, 'verifyWebhook', input, { taskQueue, workflowId, staticSummary });
}

/** Forms batches of a webhook's deliveries. A workflow that already runs checks at once whether one is full. */
export async function startCollecting(
  client: Client,
  { webhookId, tenantId }: BatchingWebhook,
  { taskQueue }: StartOptions,
): Promise<StartResult> {
  const workflowId = `webhook-${webhookId}/batches/${tenantId}`;
  const staticSummary = `batches of webhook ${webhookId}`;
  const input = { webhookId, tenantId };
  await wakeForWebhook<typeof collectBatches>(client, 'collectBatches', input, {
    taskQueue,
    workflowId,
    staticSummary,
  });
  // Temporal does not say which it was.
  return { task: 'queued', started: false };
}

/** Resolves when the message's workflow runs, whoever started it. Idempotent: it asks Postgres what is left to do. */
export async function startMessage(
  client: Client,
  message: StartableMessage,
  options: StartOptions,
): Promise<StartResult> {
  try {
    const { eagerlyStarted } = await client.workflow.start<typeof sendMessage>('sendMessage', {
      taskQueue: options.taskQueue,
      workflowId: `message-${message.id}`,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      requestEagerStart: options.eager,
      args: [{ messageId: message.id, tenantId: message.tenantId }],
      typedSearchAttributes: [{ key: searchAttributes.tenantId, value: message.tenantId }],
      staticSummary: 'outbound message',
      priority: { fairnessKey: message.tenantId },
    });
    return ranNow(eagerlyStarted);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return ranAlready;
  }
}
