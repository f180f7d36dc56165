import { setTimeout as delay } from 'node:timers/promises';
import type { Measurement } from '../bench.js';
import { loadOf, streamEvents } from '../product-load.js';
import type { Rig } from '../rig.js';
import { readTemporalCalls, since } from '../sdk-metrics.js';
import { deliveryWorkflowId } from '../../src/temporal/start-workflows.js';
import { waitFor } from '../../test/support/wait-for.js';

const isTransactionEdge = (text: string) => /^(begin|commit|rollback)\b/i.test(text);
/** Marks many deliveries as started with one statement. */
const isBatchedMark = (text: string) =>
  /^update webhook_deliveries d set workflow_started_at = now\(\) from unnest/i.test(text);

/**
 * What a delivery that succeeds at the first attempt costs in statements, round trips to Temporal and events of
 * history. The service's statements go through a counter, and its Schedules are paused so that nothing else is counted.
 */
export const cost: Measurement = {
  name: 'cost',
  run: (bench) =>
    bench.withRig({ countSql: true }, async (rig) => {
      const { counted } = bench.sizes;
      const tenant = await rig.addTenant();
      const eventType = rig.eventTypes[0]!;
      const stream = { tenantId: tenant.id, eventType, webhook: await tenant.addWebhook({ events: [eventType] }) };
      await pauseSchedules(rig);
      await streamEvents(rig, stream, loadOf(20, 0.5, 5));
      await calm(rig);

      bench.progress(`${counted} deliveries`);
      rig.sql!.reset();
      const before = await readTemporalCalls(rig.metricsAddress);
      await streamEvents(rig, stream, { rate: 10, count: counted });
      await calm(rig);
      const statements = rig.sql!.counts();
      const now = await readTemporalCalls(rig.metricsAddress);
      const calls = since(before.short, now.short);
      const polls = since(before.long, now.long);

      const perDelivery = (counts: Map<string, number>) =>
        Object.fromEntries([...counts].map(([text, count]) => [text.slice(0, 160), count / counted]));
      const total = (counts: Map<string, number>, isCounted: (text: string) => boolean = () => true) =>
        [...counts].reduce((sum, [text, count]) => sum + (isCounted(text) ? count : 0), 0) / counted;
      if (total(statements) === 0) throw new Error('no statement came through the counter');
      bench.add({
        id: 'statements',
        name: 'SQL statements per first-try delivery, without begin/commit and batched marks',
        value: total(statements, (text) => !isTransactionEdge(text) && !isBatchedMark(text)),
        unit: '',
        target: { of: 'value', is: 'at most', limit: 4 },
        note: [...statements]
          .map(([text, count]) => `${(count / counted).toFixed(2)} × ${firstWords(text)}`)
          .join('; '),
        details: {
          statements: perDelivery(statements),
          beginAndCommit: total(statements, isTransactionEdge),
          batchedMarks: total(statements, isBatchedMark),
        },
      });
      if (total(calls) === 0) throw new Error("the SDK's metrics count no calls to Temporal");
      bench.add({
        id: 'round-trips',
        name: 'round trips to Temporal per first-try delivery, without polls',
        value: total(calls),
        unit: '',
        target: { of: 'value', is: 'at most', limit: 2 },
        note: [...calls].map(([operation, count]) => `${(count / counted).toFixed(2)} × ${operation}`).join('; '),
        details: { calls: perDelivery(calls) },
      });
      bench.add({
        id: 'polls',
        name: 'polls of Temporal per first-try delivery, at 10/s',
        value: total(polls),
        unit: '',
        details: { polls: perDelivery(polls) },
      });
      const lengths = await historyLengths(rig, stream.webhook.id);
      bench.add({
        id: 'history',
        name: 'events in the history of a first-try delivery, at most',
        value: Math.max(...lengths),
        unit: '',
        target: { of: 'value', is: 'at most', limit: 8 },
        details: { lengths },
      });
    }),
};

/** The beginning of a statement, enough to recognise it. */
function firstWords(text: string): string {
  return text.length <= 72 ? text : `${text.slice(0, 69)}…`;
}

/** The sweeper's statements and round trips belong to no delivery. */
async function pauseSchedules({ temporal, taskQueue }: Rig): Promise<void> {
  const paused = await waitFor(
    async () => {
      const found: string[] = [];
      for await (const { scheduleId } of temporal.schedule.list())
        if (scheduleId.startsWith(taskQueue)) found.push(scheduleId);
      return found.length > 0 ? found : undefined;
    },
    { what: "the service's Schedules", intervalMs: 50, timeoutMs: 20_000 },
  );
  for (const scheduleId of paused) await temporal.schedule.getHandle(scheduleId).pause('the benchmark counts');
  const running = `TaskQueue = "${taskQueue}" and ExecutionStatus = "Running"`;
  await waitFor(async () => (await temporal.workflow.count(running)).count === 0, {
    what: 'the sweeper to end',
    intervalMs: 50,
    timeoutMs: 30_000,
  });
}

/** Waits until everything is recorded, reported and marked. Marks are made once a second. */
async function calm(rig: Rig): Promise<void> {
  await rig.settled();
  await delay(1_500);
}

async function historyLengths({ db, temporal }: Rig, webhookId: number): Promise<number[]> {
  const { rows } = await db.query<{ id: string; webhookId: number; eventType: string }>(
    `select id, webhook_id as "webhookId", event_type as "eventType" from webhook_deliveries where webhook_id = $1 and status = 'delivered' and attempt_count = 1
      order by id desc limit 20`,
    [webhookId],
  );
  const described = await Promise.all(
    rows.map((row) => temporal.workflow.getHandle(deliveryWorkflowId(row)).describe()),
  );
  if (described.some(({ status }) => status.name !== 'COMPLETED')) throw new Error('a delivery has not completed');
  return described.map(({ historyLength }) => historyLength);
}
