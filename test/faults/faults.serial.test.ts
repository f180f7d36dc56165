import assert from 'node:assert/strict';
import { defaults, type FaultRunOptions } from './options.js';
import { isGood } from './report/result.js';
import { runFaults } from './run-faults.js';

/**
 * Few and short faults: shows that the suite and the product survive them at all. `npm run test:faults` is the long
 * form.
 */
const short: Partial<FaultRunOptions> = {
  faultsMs: 30_000,
  stopMs: [4_000, 8_000],
  calmMs: [1_000, 4_000],
  eventsPerSecond: 3,
};

const shapes = [
  { shape: 'split', seed: 11 },
  { shape: 'services', seed: 12 },
] as const;

describe('faults', function () {
  this.timeout(600_000);
  const runs = new Map<string, ReturnType<typeof run>>();
  // Beside each other: they share nothing, and mostly wait.
  before(() => {
    for (const options of shapes) runs.set(options.shape, run(options));
    // Each is judged by its own test, also when another one has failed before.
    void Promise.allSettled(runs.values());
  });

  for (const { shape, seed } of shapes) {
    it(`lose, hold and double nothing (${shape}, seed ${seed})`, async () => {
      const { result, details, lines } = await runs.get(shape)!;
      assert.ok(isGood(result), `${result.violations.length} violations\n${lines.join('\n')}\n${details}`);
      assert.ok(result.events > 30 && result.requests > 30, 'there was a load');
      assert.ok(result.faults.length > 0, 'there were faults');
    });
  }
});

async function run(options: Partial<FaultRunOptions>) {
  const lines: string[] = [];
  const all = { ...defaults, ...short, ...options };
  const { result, details } = await runFaults(all, (line) => lines.push(line), new AbortController().signal);
  return { result, details, lines };
}
