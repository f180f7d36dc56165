import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { EvaluationProcess } from '../../../src/transform/evaluation-process.js';
import { Transforms } from '../../../src/transform/transforms.js';

const envelope = JSON.stringify({
  event: 'call.completed',
  event_id: 'CA1',
  timestamp: '2026-01-02T03:04:05.678Z',
  data: { from: '+15551234', duration_seconds: 61, text: 'äö', digits: `${'1'.repeat(40)}!`, code: '$sum' },
});
const forever = '($f := function($n){ $f($n + 1) }; $f(1))';

describe('transforms', function () {
  this.timeout(120_000);

  let transforms: Transforms;
  const started: EvaluationProcess[] = [];
  before(() => {
    transforms = new Transforms(async () => {
      const process = await EvaluationProcess.start();
      started.push(process);
      return process;
    });
  });
  after(() => transforms.close());

  const transform = (expression: string, tenantId = 'tenant') =>
    transforms.evaluate({ tenantId, expression, envelope });
  const evaluate = async (expression: string, tenantId?: string) => {
    const transformed = await transform(expression, tenantId);
    assert.equal(transformed.kind, 'made', JSON.stringify(transformed));
    return (transformed as { body: string }).body;
  };
  const failureOf = async (expression: string) => {
    // Of a tenant of its own, so that none is slow because of another test.
    let transformed = await transform(expression, expression);
    // The machine was too busy to tell.
    while (transformed.kind === 'busy') transformed = await transform(expression, expression);
    assert.ok(transformed.kind === 'failed', `expected a failure, got ${JSON.stringify(transformed).slice(0, 100)}`);
    return transformed;
  };

  const bodies: [expression: string, body: string][] = [
    ['{"text": "Call from " & data.from, "type": event}', '{"text":"Call from +15551234","type":"call.completed"}'],
    ['$', envelope],
    ['"text"', '"text"'],
    ['null', 'null'],
    ['[data.none]', '[]'],
    ['{"at": $now(), "ms": $millis()}', '{"at":"2026-01-02T03:04:05.678Z","ms":1767323045678}'],
    ['$now("[Y]", "+0100")', '"2026"'],
    ['$fromMillis($toMillis(timestamp) - 1000)', '"2026-01-02T03:04:04.678Z"'],
    ['$base64decode($base64encode(data.text))', '"äö"'],
    ['$length($match(data.digits, /1+/).match)', '40'],
    ['{"__proto__": {"x": 1}}', '{"__proto__":{"x":1}}'],
  ];
  for (const [expression, body] of bodies)
    it(`makes ${body.slice(0, 60)} of ${expression}`, async () => assert.equal(await evaluate(expression), body));

  const failures: [expression: string, message: RegExp, position: number | null][] = [
    ['data.none', /gives nothing/, null],
    ['$sum', /contains a function/, null],
    ['{"a": [function($x){ $x }]}', /contains a function/, null],
    ['$error("no number")', /^no number$/, 7],
    ['data.from + 1', /left side of the "\+" operator must evaluate to a number/, 11],
    ['$none()', /non-function/, 6],
    ['$error("a\\u0000b")', /^a\uFFFDb$/, 7],
    ['$pad("ä", 140000, "ä")', /larger than 262144 bytes/, null],
    ['$error($pad("x", 100000, "x"))', /^x{500}$/, 7],
  ];
  for (const [expression, message, position] of failures)
    it(`says why and where ${expression} fails`, async () => {
      const failure = await failureOf(expression);
      assert.match(failure.message, message);
      assert.equal(failure.position, position);
    });

  it('checks the syntax alone', async () => {
    const check = (expression: string) => transforms.checkSyntax('tenant', expression);
    assert.deepEqual(await check('$none() & data.none'), { kind: 'made', body: null });
    const message = 'Expected "}" before end of expression';
    assert.deepEqual(await check('{"a":'), { kind: 'failed', message, position: 5 });
    for (const deep of ['('.repeat(8_000), '['.repeat(4_000) + ']'.repeat(4_000)])
      assert.equal((await check(deep)).kind, 'failed');
  });

  const escapes = [
    'data.constructor',
    'data.__proto__',
    '$sum.constructor',
    '$sum.implementation',
    '$lookup($sum, "implementation")',
    '$lookup($, "constructor")',
    '$process',
    '$globalThis',
    '$require("fs")',
    '$import("fs")',
    '$string.constructor("return process")()',
    '($f := $sum.**[0]; $f.constructor)',
    '$eval("1")',
    '$eval(data.code)',
    '$map(["constructor", "__proto__", "process"], function($k){ $lookup($$, $k) })',
  ];
  for (const expression of escapes)
    it(`gives nothing to ${expression}`, async () =>
      assert.match((await failureOf(expression)).message, /gives nothing|non-function|not available/));

  const stopped: string[] = [
    '[1..10000000]',
    '$map([1..10000], function($i){ [1..10000000] })',
    '($f := function($n){ $f($n) + 1 }; $f(1))',
    '($f := function($n){ [$f($n)] }; $f(1))',
    forever,
    '($f := function($s){ $f($s & $s) }; $f("x"))',
    '($f := function($s){ $f($uppercase($s & $s)) }; $f("xxxxxxxx"))',
    '($f := function($s){ $f([$s, $s]) }; $f([1..1000]))',
    '($f := function($s){ $f($append($s, $s)) }; $f([1..1000]))',
    '$pad("x", 500000000)',
    '$split($pad("x", 50000000), "")',
    '$replace($pad("x", 30000000, "x"), "x", "yyyyyyyyyyyyyyyyyyyy")',
    '$join($map([1..1000000], function($i){ "xxxxxxxxxxxxxxxx" }))',
    '$base64encode($pad("x", 100000000))',
    '$base64decode($pad("x", 100000000))',
    '$encodeUrlComponent($pad("x", 100000000, "é"))',
    '$merge([1..2000000].{$string($): 1})',
    '$string([1..10000000])',
    '$now($pad("[Y]", 30000000, "[Y]"))',
    '$match(data.digits, /^(1+)+$/)',
    '$match(data.digits, /^(1|1?)+$/)',
    '$zip([1..10000000], [1..10000000])',
    '$sort([1..3000000])',
    '$shuffle([1..10000000])',
  ];
  for (const expression of stopped)
    it(`stops ${expression}`, async () => {
      const { message } = await failureOf(expression);
      assert.match(message, /more than 100 ms|too much memory|nests too deeply|Stack overflow/);
      // This process lives, and the next evaluation has nothing to do with it.
      assert.equal(await evaluate('event', 'another'), '"call.completed"');
    });

  it('kills a process that does not answer, and tells for how long it had the processor', async () => {
    const process = await EvaluationProcess.start();
    try {
      process.child.kill('SIGSTOP');
      const evaluation = await process.evaluate({ expression: 'event', envelope });
      assert.deepEqual(evaluation, { kind: 'stopped', needed: 'time', cpuMs: 0 });
    } finally {
      process.kill();
    }
    const busy = await EvaluationProcess.start();
    try {
      // It cannot be interrupted.
      const evaluation = await busy.evaluate({ expression: '$match(data.digits, /^(1|1?)+$/)', envelope }, 1_500);
      assert.ok(evaluation.kind === 'stopped' && evaluation.needed === 'time', JSON.stringify(evaluation));
      assert.ok(evaluation.cpuMs! > 0, `${evaluation.cpuMs} ms`);
    } finally {
      busy.kill();
    }
  });

  it('tells for how long an evaluation that it interrupts had the processor', async () => {
    const process = await EvaluationProcess.start();
    try {
      const endless = { expression: '($f := function($n){ $f($n + 1) }; $f(1))', envelope };
      const evaluation = await process.evaluate(endless, 1_500);
      assert.ok(evaluation.kind === 'stopped' && evaluation.needed === 'time');
      assert.ok(evaluation.cpuMs! > 0 && evaluation.cpuMs! < 10_000, `${evaluation.cpuMs} ms`);
      assert.ok(process.isAlive);
    } finally {
      process.kill();
    }
  });

  it('lets no expression change what another one gets', async () => {
    const change = '($clone := function($x){ $x }; {"f": $uppercase} ~> |f|{"implementation": 1}|; $uppercase("a"))';
    await failureOf(change);
    // However many processes there are.
    for (let i = 0; i < 3; i++) assert.equal(await evaluate('$uppercase("a")'), '"A"');
  });

  it('says that a process ended that something else ended', async () => {
    const process = await EvaluationProcess.start();
    const evaluation = process.evaluate({ expression: forever, envelope });
    process.child.kill('SIGABRT');
    assert.deepEqual(await evaluation, { kind: 'stopped', needed: 'memory' });
  });

  it('does not use a process again that cannot be reached', async () => {
    const process = await EvaluationProcess.start();
    process.child.send = (_message: unknown, callback: unknown) => {
      (callback as (error: Error) => void)(new Error('EPIPE'));
      return false;
    };
    const evaluation = await process.evaluate({ expression: 'event', envelope });
    assert.deepEqual(evaluation, { kind: 'stopped', needed: 'memory' });
    assert.ok(!process.isAlive);
    await once(process.child, 'exit');
  });

  it('evaluates once more when something else ended the process', async () => {
    await evaluate('1');
    for (const process of started) {
      process.kill();
      if (process.isAlive) await once(process.child, 'exit');
    }
    assert.equal(await evaluate('event'), '"call.completed"');

    const evaluation = evaluate('event', 'killed meanwhile');
    for (let i = 0; i < 2; i++) started.at(-1)!.kill();
    assert.equal(await evaluation, '"call.completed"');
  });

  it('gives its processes no environment and little of the machine', async function () {
    if (process.platform !== 'linux') this.skip();
    await evaluate('1');
    const of = (file: string) => readFileSync(`/proc/${started.at(-1)!.child.pid}/${file}`, 'utf8');
    assert.match(of('environ'), /^(NODE_CHANNEL_[A-Z_]+=\w+\0|PWD=\/\0)*$/);
    assert.match(of('limits'), /Max core file size +0 /);
    assert.match(of('limits'), /Max data size +939524096 /);
    assert.equal(of('oom_score_adj').trim(), '1000');
    assert.match(of('cmdline'), /--disallow-code-generation-from-strings\0--(experimental-)?permission\0/);
  });

  it('rejects when no process can be started, and tries anew the next time', async () => {
    let fails = true;
    const unlucky = new Transforms(() =>
      fails ? Promise.reject(new Error('no processes left')) : EvaluationProcess.start(),
    );
    const request = { tenantId: 'tenant', expression: 'event', envelope };
    await assert.rejects(unlucky.evaluate(request), /no processes left/);
    fails = false;
    assert.deepEqual(await unlucky.evaluate(request), { kind: 'made', body: '"call.completed"' });
    await unlucky.close();
  });

  it('rejects what has not ended when it is closed', async () => {
    const closed = new Transforms();
    const evaluations = [1, 2, 3].map(() => closed.evaluate({ tenantId: 'tenant', expression: forever, envelope }));
    await closed.close();
    for (const evaluation of await Promise.allSettled(evaluations)) assert.equal(evaluation.status, 'rejected');
    await assert.rejects(closed.checkSyntax('tenant', '1'), /closed/);
  });
});
