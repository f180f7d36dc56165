import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { createLogger } from '../../../src/log.js';
import { passSealed } from '../../../src/temporal/accept-worker.js';
import { workflowBundle } from '../../../src/temporal/bundle.js';
import { quietRuntime } from '../../support/quiet-runtime.js';

const folder = new URL('../../fixtures/histories/', import.meta.url);

/** Recorded by scripts/record-histories.ts. A changed workflow must still replay those under way. */
describe('recorded histories', function () {
  this.timeout(60_000);
  const replay = async (history: unknown) => {
    quietRuntime();
    const options = {
      workflowBundle: await workflowBundle(createLogger({ level: 'silent', format: 'json' })),
      // As in the worker of acceptEvent; the others contain nothing sealed.
      dataConverter: { payloadCodecs: [passSealed] },
      // Otherwise it would hook every promise of this process for good; other test files run in it, ten times slower.
      debugMode: false,
    };
    await Worker.runReplayHistory(options, history, 'replayed');
  };
  const read = async (name: string) =>
    JSON.parse(await readFile(new URL(name, folder), 'utf8')) as {
      events: { eventType: string; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
    };

  it('replay with the current workflow code', async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    assert.ok(names.length >= 4, `only ${names.length} histories`);
    for (const name of names) await replay(await read(name));
  });

  it('of a delivery whose first attempt succeeds are as short as can be: one workflow task, one marker', async () => {
    const { events } = await read('delivered-at-once.json');
    assert.deepEqual(
      events.map(({ eventType }) => eventType.replace('EVENT_TYPE_', '')),
      [
        'WORKFLOW_EXECUTION_STARTED',
        'WORKFLOW_TASK_SCHEDULED',
        'WORKFLOW_TASK_STARTED',
        'WORKFLOW_TASK_COMPLETED',
        'MARKER_RECORDED',
        'WORKFLOW_EXECUTION_COMPLETED',
      ],
    );
  });

  it('reveal a change that breaks them', async () => {
    const history = await read('failed-after-retries.json');
    const scheduled = history.events.find((event) => event.activityTaskScheduledEventAttributes)!;
    scheduled.activityTaskScheduledEventAttributes!.activityType.name = 'somethingElse';
    await assert.rejects(replay(history), DeterminismViolationError);
  });
});
