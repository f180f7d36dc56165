import assert from 'node:assert/strict';
import { install } from '@sinonjs/fake-timers';
import type { Evaluation, EvaluationProcess, EvaluationRequest } from '../../../src/transform/evaluation-process.js';
import { Transforms } from '../../../src/transform/transforms.js';

describe('transforms of many tenants', () => {
  /** Evaluations that run now; `end` ends the oldest of this expression. */
  const running: { expression: string; end(evaluation: Evaluation): void }[] = [];
  let transforms: Transforms;
  beforeEach(() => {
    running.length = 0;
    const evaluate = ({ expression }: EvaluationRequest) =>
      new Promise<Evaluation>((end) => running.push({ expression, end }));
    const process = { isAlive: true, evaluate, kill: () => undefined };
    transforms = new Transforms(async () => process as unknown as EvaluationProcess);
  });

  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const submit = (tenantId: string, expression: string) =>
    transforms.evaluate({ tenantId, expression, envelope: '{}' });
  const end = async (expression: string, evaluation: Evaluation = { kind: 'made', body: '1' }) => {
    const i = running.findIndex((one) => one.expression === expression);
    assert.ok(i >= 0, `${expression} is not running; running are ${now().join(', ')}`);
    running.splice(i, 1)[0]!.end(evaluation);
    await turn();
  };
  const now = () => running.map(({ expression }) => expression);
  const stopped: Evaluation = { kind: 'stopped', needed: 'time', cpuMs: 1_400 };
  /** In both tries. */
  const stop = async (expression: string) => {
    await end(expression, stopped);
    await end(expression, stopped);
  };

  it('takes the tenants in turn', async () => {
    for (const expression of ['a1', 'a2', 'a3', 'a4']) void submit('a', expression);
    void submit('b', 'b1');
    await turn();
    assert.deepEqual(now(), ['a1', 'a2']);
    await end('a1');
    // a2 had begun already: b waits for one evaluation at most.
    assert.deepEqual(now(), ['a2', 'a3']);
    await end('a2');
    assert.deepEqual(now(), ['a3', 'b1']);
  });

  it('gives one process at most to tenants whose evaluations had to be stopped', async () => {
    void submit('slow', 's1');
    await turn();
    await stop('s1');
    void submit('slow', 's2');
    void submit('slow', 's3');
    await turn();
    assert.deepEqual(now(), ['s2']);
    void submit('b', 'b1');
    void submit('b', 'b2');
    await turn();
    assert.deepEqual(now(), ['s2', 'b1']);
    await end('b1');
    assert.deepEqual(now(), ['s2', 'b2']);
    await stop('s2');
    assert.deepEqual(now(), ['b2', 's3']);
  });

  it('does the same with what waits already when its tenant turns out to be slow', async () => {
    const [, , , fourth] = ['s1', 's2', 's3', 's4'].map((expression) => submit('slow', expression));
    await turn();
    await stop('s1');
    assert.deepEqual(now(), ['s2', 's3']);
    await stop('s2');
    assert.deepEqual(now(), ['s3']);
    assert.deepEqual(await fourth, { kind: 'busy' });
  });

  it('takes no more of slow tenants than it can evaluate soon', async () => {
    for (const tenantId of ['a', 'b', 'c', 'd', 'e', 'f']) {
      void submit(tenantId, tenantId);
      await turn();
      await stop(tenantId);
    }
    for (const tenantId of ['a', 'a', 'b', 'c', 'd']) void submit(tenantId, `${tenantId} again`);
    await turn();
    assert.deepEqual(await submit('a', 'a, which has one waiting'), { kind: 'busy' });
    void submit('e', 'e again');
    await turn();
    assert.deepEqual(await submit('f', 'f, the fifth of those that wait'), { kind: 'busy' });
    void submit('not slow', 'not slow');
    await turn();
    assert.deepEqual(now(), ['a again', 'not slow']);
  });

  it('gives up what has not had its turn after three seconds, and never begins it', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (const expression of ['a1', 'b1']) void submit(expression[0]!, expression);
      const late = submit('c', 'c1');
      clock.tick(3_000);
      assert.deepEqual(await late, { kind: 'busy' });
      void submit('d', 'd1');
      await turn();
      await end('a1');
      assert.deepEqual(now(), ['b1', 'd1']);
    } finally {
      clock.uninstall();
    }
  });

  it('evaluates once more, at once, what was stopped', async () => {
    const [first, second] = [submit('a', 'a1'), submit('a', 'a2')];
    void submit('b', 'b1');
    await turn();
    await end('a1', stopped);
    assert.deepEqual(now(), ['a2', 'a1']);
    await end('a1');
    assert.deepEqual(await first, { kind: 'made', body: '1' });
    await stop('a2');
    const message = 'The evaluation took more than 100 ms';
    assert.deepEqual(await second, { kind: 'failed', message, position: null });
  });

  it('puts off what had the processor for less than 200 ms in both tries, and takes its tenant for slow', async () => {
    const starved: Evaluation = { kind: 'stopped', needed: 'time', cpuMs: 199 };
    const first = submit('a', 'a1');
    await turn();
    await end('a1', stopped);
    await end('a1', starved);
    assert.deepEqual(await first, { kind: 'busy' });
    for (const expression of ['a2', 'a3']) void submit('a', expression);
    await turn();
    assert.deepEqual(now(), ['a2'], 'one at a time');
  });
});
