import { inspect } from 'node:util';
import proto from '@temporalio/proto';
import { createTenantClient, type DeliveryDetail, type EventInput, type TenantClient } from './api-client.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait-for.js';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** One event on its way to one webhook, as its tenant sees it. */
export interface SentDelivery {
  readonly tenant: TenantClient;
  readonly webhookId: number;
  readonly id: string;
  read(): Promise<DeliveryDetail>;
  /** Resolves as soon as `count` attempts are recorded; default timeout 45 s, in which even a lost attempt is repeated. */
  waitForAttempts(count: number, timeoutMs?: number): Promise<DeliveryDetail>;
  /**
   * Resolves when it has that status and its workflow has ended, so that no request can follow; default timeout 45 s.
   * Rejects immediately if it ends with another status.
   */
  waitForEnd(
    status: 'delivered' | 'failed' | 'held' | 'cancelled' | 'expired',
    timeoutMs?: number,
  ): Promise<DeliveryDetail>;
}

function historyLine({
  eventType,
  eventTime,
  userMetadata,
  markerRecordedEventAttributes: marker,
}: HistoryEvent): string {
  const textOf = (payload?: { data?: Uint8Array | null } | null) =>
    payload?.data && Buffer.from(payload.data).toString();
  return [
    new Date(Number(eventTime!.seconds) * 1_000 + eventTime!.nanos! / 1e6).toISOString(),
    proto.temporal.api.enums.v1.EventType[eventType!],
    textOf(userMetadata?.summary),
    textOf(marker?.details?.['data']?.payloads?.[0]),
    marker?.failure?.message,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Follows a delivery that has already been triggered. */
export function followDelivery(stack: Stack, tenant: TenantClient, webhookId: number, id: string): SentDelivery {
  const read = () => tenant.delivery(webhookId, id);
  const poll = (what: string, timeoutMs: number, isThere: (delivery: DeliveryDetail) => boolean) =>
    waitFor(
      async () => {
        const delivery = await read();
        return isThere(delivery) ? delivery : undefined;
      },
      { what: async () => `${what}; ${await state()}`, timeoutMs, intervalMs: 50 },
    );
  const hasWorkflow = async () => (await (await stack.workflow(id)).describe()).status.name === 'RUNNING';
  /** What a failed test needs to tell the cause: the delivery, and what its workflow did and waits for. */
  async function state(): Promise<string> {
    const { attempts, ...delivery } = await read();
    const sent = attempts.map(
      ({ target, started_at: startedAt, duration_ms: durationMs, status_code: status, error }) =>
        [target, startedAt, durationMs, status, error?.class].join(' '),
    );
    const workflow = await stack.workflow(id);
    // There may be no workflow: then why not.
    const history = await workflow
      .fetchHistory()
      .then(({ events }) => (events ?? []).map(historyLine).join('\n'), String);
    return `at ${new Date().toISOString()} it was ${inspect({ ...delivery, attempts: sent })} and its workflow:\n${history}`;
  }
  return {
    tenant,
    webhookId,
    id,
    read,
    waitForAttempts: (count, timeoutMs = 45_000) =>
      poll(`attempt ${count} to be recorded`, timeoutMs, (delivery) => delivery.attempt_count >= count),
    async waitForEnd(status, timeoutMs = 45_000) {
      await poll(`the delivery to be ${status}`, timeoutMs, (delivery) => {
        if (delivery.finished_at !== null && delivery.status !== status) {
          throw new Error(
            `expected ${status}, but the delivery is ${delivery.status}: ${JSON.stringify(delivery.error)}`,
          );
        }
        return delivery.status === status;
      });
      await waitFor(async () => !(await hasWorkflow()), { what: 'the end of the workflow', timeoutMs, intervalMs: 50 });
      return read();
    },
  };
}

/** A tenant of its own with one webhook, and one event. */
export async function sendEvent(
  stack: Stack,
  webhook: { url: string } & Record<string, unknown>,
  event?: EventInput,
): Promise<SentDelivery & { secret: string }> {
  const tenant = await createTenantClient(stack);
  const { id: webhookId, secret } = await tenant.createWebhook(webhook);
  const [id] = await tenant.trigger(event);
  if (id === undefined) throw new Error('the event has no delivery');
  return { ...followDelivery(stack, tenant, webhookId, id), secret };
}

/** `http_status 302`, or only the class if there was no response; `ok 200` for a success. */
export const attemptSummary = ({ attempts }: DeliveryDetail): string[] =>
  attempts.map(({ error, status_code: status }) =>
    [error?.class ?? 'ok', status].filter((part) => part !== null).join(' '),
  );
