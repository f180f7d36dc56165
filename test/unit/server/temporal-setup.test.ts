import assert from 'node:assert/strict';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, type ScheduleDescription } from '@temporalio/client';
import {
  checkSchedule,
  checkSearchAttributes,
  expectedSchedules,
  searchAttributeCommand,
  type SetupTarget,
} from '../../../src/temporal/setup.js';

const grpcError = (code: number, message: string) => Object.assign(new Error(message), { code });
const all = { TenantId: 2, WebhookId: 3, EventType: 2, EventId: 2 };

describe('search attributes', () => {
  interface Server {
    list?: () => Promise<object>;
    add?: (request: unknown) => Promise<object>;
    repairs?: boolean;
  }
  const target = ({ list, add, repairs = true }: Server) =>
    ({
      namespace: 'calls',
      repairs,
      client: {
        connection: {
          operatorService: {
            listSearchAttributes: list ?? (() => Promise.resolve({ customAttributes: {} })),
            addSearchAttributes: add ?? (() => assert.fail('adds')),
          },
        },
      },
    }) as unknown as SetupTarget;

  it('that are missing are added with their types', async () => {
    const requests: unknown[] = [];
    const add = async (request: unknown) => requests.push(request) && {};
    const list = () => Promise.resolve({ customAttributes: { TenantId: 2 } });
    assert.deepEqual(await checkSearchAttributes(target({ add })), []);
    assert.deepEqual(await checkSearchAttributes(target({ list, add })), []);
    assert.deepEqual(requests, [
      { namespace: 'calls', searchAttributes: all },
      { namespace: 'calls', searchAttributes: { WebhookId: 3, EventType: 2, EventId: 2 } },
    ]);
  });

  it('that exist are left alone', async () => {
    const list = () => Promise.resolve({ customAttributes: { ...all, Another: 1 } });
    assert.deepEqual(await checkSearchAttributes(target({ list })), []);
  });

  it('that the server refuses are named in a command for the operator', async () => {
    const [problem] = await checkSearchAttributes(
      target({ add: () => Promise.reject(grpcError(7, '7 PERMISSION_DENIED')) }),
    );
    assert.equal(
      problem!.remedy,
      'temporal operator search-attribute create --namespace calls --name TenantId --type Keyword --name WebhookId --type Int --name EventType --type Keyword --name EventId --type Keyword',
    );
    assert.match(problem!.what, /TenantId, WebhookId, EventType, EventId/);
  });

  it('that another worker adds at the same time are no problem', async () => {
    const add = () => Promise.reject(grpcError(6, '6 ALREADY_EXISTS'));
    assert.deepEqual(await checkSearchAttributes(target({ add })), []);
  });

  it('of the wrong type are reported with a remedy', async () => {
    const list = () => Promise.resolve({ customAttributes: { ...all, WebhookId: 2 } });
    const [problem, ...more] = await checkSearchAttributes(target({ list }));
    assert.deepEqual(more, []);
    assert.match(problem!.what, /WebhookId is not of type Int/);
    assert.ok(problem!.remedy.endsWith(searchAttributeCommand('calls')));
  });

  it('are only reported by a process without a worker', async () => {
    const [problem] = await checkSearchAttributes(target({ repairs: false }));
    assert.match(problem!.what, /are missing/);
  });

  it('that may not be listed are no problem, but a server that is away is an error', async () => {
    const list = (code: number) => () => Promise.reject(grpcError(code, 'no'));
    assert.deepEqual(await checkSearchAttributes(target({ list: list(7) })), []);
    await assert.rejects(checkSearchAttributes(target({ list: list(14) })), /no/);
  });
});

describe('a Schedule', () => {
  const [sweep] = expectedSchedules('queue', { messages: false });
  const described = (change: { state?: object; spec?: object } = {}) =>
    ({
      spec: { intervals: [{ every: 10_000, offset: 0 }], ...change.spec },
      action: { workflowType: 'sweepDeliveries', taskQueue: 'queue', workflowExecutionTimeout: 600_000 },
      policies: { overlap: 'SKIP', catchupWindow: 60_000, pauseOnFailure: false },
      state: { paused: false, ...change.state },
    }) as unknown as ScheduleDescription;

  /** `calls` are the changes made on the server. */
  async function check(found: ScheduleDescription | Error, { repairs = true, create = (): unknown => ({}) } = {}) {
    const calls: unknown[] = [];
    const schedule = {
      getHandle: () => ({
        describe: () => (found instanceof Error ? Promise.reject(found) : Promise.resolve(found)),
        update: async (change: (previous: unknown) => unknown) => calls.push(change(found)),
      }),
      create: async (options: unknown) => calls.push(options) && create(),
    };
    const target = { namespace: 'calls', repairs, client: { schedule } } as unknown as SetupTarget;
    return { ...(await checkSchedule(target, sweep!)), calls };
  }

  it('that is correct is left alone', async () => {
    const { problems, calls } = await check(described());
    assert.deepEqual([problems, calls], [[], []]);
  });

  it('that is missing is created, and runs immediately', async () => {
    const { problems, calls } = await check(new ScheduleNotFoundError('no', 'queue-sweep'));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      calls.map((each) => (each as { state: object }).state),
      [{ triggerImmediately: true }],
    );
  });

  it('that another worker creates at the same time is no problem', async () => {
    const create = () => {
      throw new ScheduleAlreadyRunning('is there', 'queue-sweep');
    };
    assert.deepEqual((await check(new ScheduleNotFoundError('no', 'queue-sweep'), { create })).problems, []);
  });

  it('that an operator paused stays paused, and is reported with the command to resume it', async () => {
    const { problems, calls } = await check(described({ state: { paused: true, note: 'for the night' } }));
    assert.deepEqual(calls, []);
    assert.match(problems[0]!.what, /queue-sweep is paused \(for the night\)/);
    assert.match(
      problems[0]!.remedy,
      /^temporal schedule toggle --unpause --namespace calls --schedule-id queue-sweep /,
    );
  });

  for (const [what, change] of Object.entries({
    'another interval': { spec: { intervals: [{ every: 3_600_000, offset: 0 }] } },
    'an end': { spec: { endAt: new Date() } },
    'no actions left': { state: { remainingActions: 0 } },
  }))
    it(`that was edited (${what}) is corrected, but not unpaused`, async () => {
      const { problems, calls } = await check(described({ ...change, state: { ...change.state, paused: true } }));
      assert.equal(problems.length, 1);
      const [{ spec, state }] = calls as [{ spec: unknown; state: unknown }];
      assert.deepEqual([spec, state], [{ intervals: [{ every: 10_000 }] }, { paused: true }]);
    });

  it('is only reported by a process without a worker', async () => {
    const missing = await check(new ScheduleNotFoundError('no', 'queue-sweep'), { repairs: false });
    assert.match(missing.problems[0]!.what, /queue-sweep is missing/);
    const edited = await check(described({ spec: { intervals: [] } }), { repairs: false });
    assert.match(edited.problems[0]!.what, /queue-sweep was changed/);
    assert.deepEqual([missing.calls, edited.calls], [[], []]);
  });
});
