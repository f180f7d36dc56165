import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
// A CommonJS module whose names Node cannot see: only its default export works outside of a bundler.
import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { searchAttributes } from '../temporal.js';

const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/** The command by which an operator adds what we were not allowed to. */
export function searchAttributeCommand(namespace: string): string {
  const flags = all().map(
    ({ name, type }) => `--name ${name} --type ${type === SearchAttributeType.INT ? 'Int' : 'Keyword'}`,
  );
  return `temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`;
}

/** Adds the search attributes of deliveries; those that exist stay as they are. Where the server refuses, the log says which command to run. */
export async function registerSearchAttributes(
  connection: NativeConnection,
  namespace: string,
  log: Logger,
): Promise<void> {
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        all().map(({ name, type }) => [
          name,
          type === SearchAttributeType.INT ? INDEXED_VALUE_TYPE_INT : INDEXED_VALUE_TYPE_KEYWORD,
        ]),
      ),
    });
  } catch (error) {
    log.error(
      { error, run: searchAttributeCommand(namespace) },
      'temporal.search_attributes_refused: run this command, or deliveries cannot start',
    );
  }
}

const all = () => Object.values(searchAttributes);

/**
 * Creates the Schedules, or brings those of an earlier version up to date. Several workers may do it at once. `messages`:
 * this worker has a Twilio account, whose list can be compared.
 */
export async function createSchedules(
  client: Client,
  taskQueue: string,
  { messages = false }: { messages?: boolean } = {},
): Promise<void> {
  const schedule = (
    scheduleId: string,
    every: ScheduleOptions['spec']['intervals'],
    workflowType: string,
    workflowExecutionTimeout: '10 min' | '1 hour',
  ): ScheduleOptions => ({
    scheduleId,
    spec: { intervals: every },
    // A run that hangs would hold up all later ones, hence the timeout.
    action: {
      type: 'startWorkflow',
      workflowType,
      workflowId: scheduleId,
      taskQueue,
      args: [],
      workflowExecutionTimeout,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 min' },
    state: { triggerImmediately: true },
  });
  // Temporal's return is at most one interval before the next sweep: accepted deliveries are on their way within 30 s.
  await upsert(client, schedule(`${taskQueue}-sweep`, [{ every: '10s' }], 'sweepDeliveries', '10 min'));
  await upsert(client, schedule(`${taskQueue}-expire`, [{ every: '1h' }], 'expireHistory', '1 hour'));
  if (messages)
    await upsert(
      client,
      schedule(`${taskQueue}-reconcile-messages`, [{ every: '15min' }], 'reconcileMessages', '1 hour'),
    );
}

async function upsert(client: Client, options: ScheduleOptions): Promise<void> {
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { spec, action, policies } = options;
    await client.schedule
      .getHandle(options.scheduleId)
      .update((previous) => ({ ...previous, spec, action: action, policies }));
  }
}
