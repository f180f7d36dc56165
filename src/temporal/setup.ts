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

/** The command by which an operator adds what we were not allowed to. */
export function searchAttributeCommand(namespace: string): string {
  const flags = attributes.map(({ name, typeName }) => `--name ${name} --type ${typeName}`);
  return `temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`;
}

export interface SetupTarget {
  client: Pick<Client, 'schedule'> & { connection: Pick<Client['connection'], 'operatorService'> };
  namespace: string;
  /** Whether what is missing is made here, or only told. */
  mends: boolean;
}

/**
 * Adds the search attributes of deliveries that are missing; those that exist stay as they are. Safe to repeat, also at
 * once in several processes. Where the server tells nobody which it has (Temporal Cloud), nothing is a problem.
 */
export async function checkSearchAttributes({ client, namespace, mends }: SetupTarget): Promise<TemporalProblem[]> {
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
      what: `The search attribute ${name} has another type than ${typeName}: deliveries cannot start`,
      remedy: `temporal operator search-attribute remove --namespace ${namespace} --name ${name}; then ${remedy}`,
    }));
  if (missing.length === 0) return problems;
  const what = `Search attributes are missing (${missing.map(({ name }) => name).join(', ')}): deliveries cannot start`;
  if (!mends) return [...problems, { what, remedy: `start a worker, which adds them, or run ${remedy}` }];
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

/** A Schedule as it has to be; times in milliseconds. */
export interface ExpectedSchedule {
  scheduleId: string;
  everyMs: number;
  workflowType: string;
  taskQueue: string;
  /** A run that hangs would hold up all later ones. */
  runTimeoutMs: number;
  /** For the operator: what stands still without it. */
  purpose: string;
}

const minuteMs = 60_000;

/** `messages`: this worker has a Twilio account, whose list can be compared. */
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
    // Temporal's return is at most one interval before the next sweep: accepted deliveries are on their way within 30 s.
    schedule('sweep', 'sweepDeliveries', 10_000, 10 * minuteMs, 'deliveries that were not started stay so'),
    schedule('expire', 'expireHistory', 60 * minuteMs, 60 * minuteMs, 'nothing is removed after the retention time'),
    ...(messages
      ? [schedule('reconcile-messages', 'reconcileMessages', 15 * minuteMs, 60 * minuteMs, 'lost callbacks stay lost')]
      : []),
  ];
}

/**
 * Makes the Schedule if it is missing, and puts right one that was edited or is of an earlier version. One that is
 * paused stays so: somebody may have meant it. Several workers may do it at once. Resolves also to how it was found;
 * undefined: it was missing.
 */
export async function checkSchedule(
  { client, namespace, mends }: SetupTarget,
  expected: ExpectedSchedule,
): Promise<{ problems: TemporalProblem[]; found?: ScheduleDescription }> {
  const { scheduleId, purpose } = expected;
  const handle = client.schedule.getHandle(scheduleId);
  let found: ScheduleDescription;
  try {
    found = await handle.describe();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    if (!mends)
      return {
        problems: [
          { what: `The Schedule ${scheduleId} is missing: ${purpose}`, remedy: 'start a worker, which makes it' },
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
  if (mends) {
    await handle.update(({ state: { paused, note } }) => ({
      ...settings(expected),
      state: { paused, ...(note !== undefined && { note }) },
    }));
  } else
    problems.push({ what: `The Schedule ${scheduleId} was changed`, remedy: 'start a worker, which puts it right' });
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

/** Whether it does what it is there for, as often as it has to. */
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
