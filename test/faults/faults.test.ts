import assert from 'node:assert/strict';
import { scenario } from '../support/scenario.js';
import { defaults, type FaultRunOptions } from './options.js';
import { isGood } from './report/result.js';
import { runFaults } from './run-faults.js';

/**
 * A short run with few faults, which shows that the suite works and the product survives them. The long form is
 * `npm run test:faults`.
 */
const short: Partial<FaultRunOptions> = {
  faultsMs: 30_000,
  stopMs: [4_000, 8_000],
  calmMs: [1_000, 4_000],
  eventsPerSecond: 3,
};

describe('faults', function () {
  this.timeout(600_000);

  for (const options of [{ shape: 'split', seed: 11 }] as const) {
    scenario(`cause no lost, stuck or repeated deliveries (${options.shape}, seed ${options.seed})`, async () => {
      const lines: string[] = [];
      const run = await runFaults(
        { ...defaults, ...short, ...options },
        (line) => lines.push(line),
        new AbortController().signal,
      );
      assert.ok(isGood(run.result), `${run.result.violations.length} violations\n${lines.join('\n')}\n${run.details}`);
      assert.ok(run.result.events > 30 && run.result.requests > 30, 'the run had a load');
      assert.ok(run.result.faults.length > 0, 'the run had faults');
    });
  }
});
