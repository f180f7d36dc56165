import assert from 'node:assert/strict';
import { faultKinds, planFaults, type PlanOptions } from '../../faults/plan.js';

const options: PlanOptions = {
  seed: 7,
  forMs: 600_000,
  kinds: faultKinds,
  targets: ['postgres', 'temporal', 'api', 'worker-1', 'worker-2'],
  stopMs: [5_000, 40_000],
  calmMs: [4_000, 20_000],
};

describe('the plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(planFaults(options), planFaults(options));
    assert.notDeepEqual(planFaults(options), planFaults({ ...options, seed: 8 }));
  });

  it('has each kind on each target before any comes again', () => {
    const pairs = planFaults({ ...options, forMs: 3_600_000 }).map(({ kind, target }) => `${kind} ${target}`);
    assert.ok(pairs.length > 100, `${pairs.length} faults in an hour`);
    assert.equal(new Set(pairs).size, 15);
  });

  it('ends every fault within its time, however short that is', () => {
    for (let seed = 0; seed < 200; seed++)
      for (const forMs of [10_000, 30_000, 120_000])
        for (const { atMs, lastsMs } of planFaults({ ...options, seed, forMs })) assert.ok(atMs + lastsMs <= forMs);
  });

  it('keeps to the kinds and targets that were asked for', () => {
    const plan = planFaults({ ...options, kinds: ['stop'], targets: ['postgres'] });
    assert.ok(plan.length > 5);
    for (const { kind, target, lastsMs } of plan) {
      assert.deepEqual({ kind, target }, { kind: 'stop', target: 'postgres' });
      assert.ok(lastsMs >= 5_000 && lastsMs <= 40_000);
    }
  });
});
