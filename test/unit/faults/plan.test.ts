import assert from 'node:assert/strict';
import { faultKinds, planFaults, type PlanOptions } from '../../faults/plan.js';

const options: PlanOptions = {
  seed: 7,
  kinds: faultKinds,
  targets: ['postgres', 'temporal', 'api', 'worker-1', 'worker-2'],
  stopMs: [5_000, 40_000],
  calmMs: [4_000, 20_000],
};

const first = (count: number, more: Partial<PlanOptions> = {}) => {
  const plan = planFaults({ ...options, ...more });
  return Array.from({ length: count }, () => plan.next().value);
};

describe('the plan of faults', () => {
  it('is the same for the same seed, and different for another', () => {
    assert.deepEqual(first(100), first(100));
    assert.notDeepEqual(first(100), first(100, { seed: 8 }));
  });

  it('has each kind on each target before any repeats', () => {
    for (let seed = 0; seed < 20; seed++)
      assert.equal(new Set(first(15, { seed }).map(({ kind, target }) => `${kind} ${target}`)).size, 15);
  });

  it('has faults that sometimes overlap, but never on one target', () => {
    const plan = first(1_000);
    const overlapping = plan.filter(({ overlaps }) => overlaps);
    assert.ok(overlapping.length > 100 && overlapping.length < 300, `${overlapping.length} of 1000 overlap`);
    for (const { number, target, afterMs } of overlapping) {
      const before = plan[number - 2]!;
      assert.notEqual(before.target, target);
      assert.ok(afterMs <= Math.max(500, before.lastsMs), 'it begins while the one before lasts');
    }
  });

  it('uses only the requested kinds and targets', () => {
    for (const { kind, target, lastsMs } of first(50, { kinds: ['stop'], targets: ['postgres'] })) {
      assert.deepEqual({ kind, target }, { kind: 'stop', target: 'postgres' });
      assert.ok(lastsMs >= 5_000 && lastsMs <= 40_000);
    }
  });
});
