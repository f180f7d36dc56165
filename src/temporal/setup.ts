import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
// A CommonJS module whose names Node cannot see: only its default export works outside of a bundler.
import proto from '@temporalio/proto';
import { grpcCode, temporalFailure, type TemporalProblem } from './failure.js';
import { searchAttributes } from './start-workflows.js';

const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

const attributes = Object.values(searchAttributes).map(({ name, type }) => ({
  name,
  ...(type === SearchAttributeType.INT
    ? { type: INDEXED_VALUE_TYPE_INT, typeName: 'Int' }
    : { type: INDEXED_VALUE_TYPE_KEYWORD, typeName: 'Keyword' }),
}));

/** The command with which an operator adds the search attributes if we may not. */
export function searchAttributeCommand(namespace: string): string {
  const flags = attributes.map(({ name, typeName }) => `--name ${name} --type ${typeName}`);
  return `temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`;
}

export interface SetupTarget {
  client: Pick<Client, 'schedule'> & { connection: Pick<Client['connection'], 'operatorService'> };
  namespace: string;
  /** Whether to create what is missing, or only report it. */
  repairs: boolean;
}

/**
 * Adds the missing search attributes of deliveries; those that exist stay as they are. Idempotent, and safe to run in
 * several processes at the same time. A server that does not list its attributes (Temporal Cloud) is not checked.
 */
export async function checkSearchAttributes({ client, namespace, repairs }: SetupTarget): Promise<TemporalProblem[]> {
  const { operatorService } = client.connection;
  const remedy = searchAttributeCommand(namespace);
  let present: Record<string, number>;
  try {
    present = (await operatorService.listSearchAttributes({ namespace })).customAttributes;
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
  const missing = attributes.filter(({ name }) => present[name] === undefined);
  const problems = attributes
    .filter(({ name, type }) => present[name] !== undefined && present[name] !== Number(type))
    .map(({ name, typeName }) => ({
      what: `The search attribute ${name} is not of type ${typeName}: deliveries cannot start`,
      remedy: `temporal operator search-attribute remove --namespace ${namespace} --name ${name}; then ${remedy}`,
    }));
  if (missing.length === 0) return problems;
  const what = `Search attributes are missing (${missing.map(({ name }) => name).join(', ')}): deliveries cannot start`;
  if (!repairs) return [...problems, { what, remedy: `start a worker, which adds them, or run: ${remedy}` }];
  try {
    const added = Object.fromEntries(missing.map(({ name, type }) => [name, type]));
    await operatorService.addSearchAttributes({ namespace, searchAttributes: added });
    return problems;
  } catch (error) {
    const { kind, code, reason } = temporalFailure(error);
    // Another worker was first.
    if (code === grpcCode.alreadyExists) return problems;
    if (kind === 'away') throw error;
    return [...problems, { what: `${what}; this process may not add them`, remedy, detail: reason }];
  }
}

const isForbidden = (error: unknown) => {
  const { code } = temporalFailure(error);
  return code === grpcCode.permissionDenied || code === grpcCode.unimplemented || code === grpcCode.unauthenticated;
};

/** How a Schedule has to be; times in milliseconds. */
export interface ExpectedSchedule {
  scheduleId: string;
  everyMs: number;
  workflowType: string;
  taskQueue: string;
  /** Without a timeout, a run that hangs would hold up all later ones. */
  runTimeoutMs: number;
  /** For the operator: what does not happen without it. */
  purpose: string;
}

const minuteMs = 60_000;

/** `messages`: this worker has a Twilio account, so Twilio's list can be compared with ours. */
export function expectedSchedules(taskQueue: string, { messages }: { messages: boolean }): ExpectedSchedule[] {
  const schedule = (name: string, workflowType: string, everyMs: number, runTimeoutMs: number, purpose: string) => ({
    scheduleId: `${taskQueue}-${name}`,
    workflowType,
    taskQueue,
    everyMs,
    runTimeoutMs,
    purpose,
  });
  return [
    // When Temporal is back, the next sweep is at most one interval away: accepted deliveries are started within 30 s.
    schedule('sweep', 'sweepDeliveries', 10_000, 10 * minuteMs, 'deliveries that have not started yet will not start'),
    schedule('expire', 'expireHistory', 60 * minuteMs, 60 * minuteMs, 'nothing is removed after the retention time'),
    schedule('forget', 'forgetData', minuteMs, 60 * minuteMs, 'what calls have begun to erase stays'),
    schedule('statistics', 'rollUpStatistics', 30_000, 60 * minuteMs, 'statistics over time stand still'),
    ...(messages
      ? [schedule('reconcile-messages', 'reconcileMessages', 15 * minuteMs, 60 * minuteMs, 'lost callbacks stay lost')]
      : []),
  ];
}

/**
 * Creates the Schedule if it is missing, and repairs one that was edited or is of an earlier version. A paused one
 * stays paused, since that may be intended. Several workers may do this at the same time. `found` is the Schedule as it
 * was found; undefined if it was missing.
 */
export async function checkSchedule(
  { client, namespace, repairs }: SetupTarget,
  expected: ExpectedSchedule,
): Promise<{ problems: TemporalProblem[]; found?: ScheduleDescription }> {
  const { scheduleId, purpose } = expected;
  const handle = client.schedule.getHandle(scheduleId);
  let found: ScheduleDescription;
  try {
    found = await handle.describe();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    if (!repairs)
      return {
        problems: [
          { what: `The Schedule ${scheduleId} is missing: ${purpose}`, remedy: 'start a worker, which creates it' },
        ],
      };
    await client.schedule
      .create({ scheduleId, ...settings(expected), state: { triggerImmediately: true } })
      .catch((refusal: unknown) => {
        // Another worker was first.
        if (!(refusal instanceof ScheduleAlreadyRunning)) throw refusal;
      });
    return { problems: [] };
  }
  const problems: TemporalProblem[] = [];
  if (found.state.paused)
    problems.push({
      what: `The Schedule ${scheduleId} is paused${found.state.note ? ` (${found.state.note})` : ''}: ${purpose}`,
      remedy: `temporal schedule toggle --unpause --namespace ${namespace} --schedule-id ${scheduleId} --reason mended`,
    });
  if (isAsExpected(found, expected)) return { problems, found };
  if (repairs) {
    await handle.update(({ state: { paused, note } }) => ({
      ...settings(expected),
      state: { paused, ...(note !== undefined && { note }) },
    }));
  } else problems.push({ what: `The Schedule ${scheduleId} was changed`, remedy: 'start a worker, which repairs it' });
  return { problems, found };
}

const catchupWindowMs = minuteMs;

function settings({ scheduleId, everyMs, workflowType, taskQueue, runTimeoutMs }: ExpectedSchedule) {
  return {
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType,
      workflowId: scheduleId,
      taskQueue,
      args: [],
      workflowExecutionTimeout: runTimeoutMs,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchupWindowMs },
  };
}

/** Whether it runs the right workflow, as often as it has to. */
function isAsExpected({ spec, action, policies, state }: ScheduleDescription, expected: ExpectedSchedule): boolean {
  const [interval, ...more] = spec.intervals ?? [];
  return (
    interval?.every === expected.everyMs &&
    more.length === 0 &&
    !spec.startAt &&
    !spec.endAt &&
    !spec.skip?.length &&
    action.workflowType === expected.workflowType &&
    action.taskQueue === expected.taskQueue &&
    action.workflowExecutionTimeout === expected.runTimeoutMs &&
    policies.overlap === ScheduleOverlapPolicy.SKIP &&
    !policies.pauseOnFailure &&
    state.remainingActions === undefined
  );
}
