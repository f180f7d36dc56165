import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { summarize } from '../../../bench/latencies.js';
import { backlogGrew, closedLoop, openLoop } from '../../../bench/load.js';
import { cpuMs } from '../../../bench/process-usage.js';
import { renderTable, Report, showNumber, type Row } from '../../../bench/report.js';
import { parseMetrics, since } from '../../../bench/sdk-metrics.js';
import { StatementReader } from '../../../bench/sql-counter.js';

describe('percentiles of the benchmark', () => {
  it('are the smallest value that at least this percentage of values does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(summarize(values), { count: 100, p50: 50, p95: 95, p99: 99, max: 100 });
    assert.deepEqual(summarize([7]), { count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
    assert.throws(() => summarize([]), /nothing to summarize/);
  });
});

describe('load of the benchmark', () => {
  it('measures an open loop from the planned time, so that a stall of the generator is visible', async () => {
    const blockMs = 120;
    const { latencyMs } = await openLoop({ rate: 100, count: 10 }, async (index) => {
      if (index !== 2) return;
      const until = performance.now() + blockMs;
      while (performance.now() < until);
    });
    // Number 3 was planned 10 ms after number 2, but had to wait until the stall ended.
    assert.ok(latencyMs[3]! >= blockMs - 15, `${latencyMs[3]} ms`);
  });

  it('keeps sending while responses are outstanding, and reports how many failed', async () => {
    let open = 0;
    let most = 0;
    const load = { rate: 200, count: 20 };
    await openLoop(load, async () => {
      most = Math.max(most, ++open);
      await delay(100);
      open--;
    });
    assert.ok(most > 5, `${most} at once`);
    await assert.rejects(
      openLoop(load, async (index) => {
        if (index % 10 === 3) throw new Error('refused');
      }),
      /^Error: 2 of 20 failed; the first: refused$/,
    );
  });

  it('keeps a closed loop full, and counts only what ends within the measured time', async () => {
    let open = 0;
    let most = 0;
    let done = 0;
    const edges: string[] = [];
    const { count, perSecond } = await closedLoop(
      { inFlight: 4, warmUpSeconds: 0.2, seconds: 0.4 },
      async () => {
        most = Math.max(most, ++open);
        await delay(20);
        open--;
        done++;
      },
      (edge) => edges.push(edge),
    );
    assert.equal(most, 4);
    assert.deepEqual(edges, ['begin', 'end']);
    assert.ok(count > 0 && count < done, `${count} of ${done}`);
    assert.equal(perSecond, count / 0.4);
  });

  it('reports a growing backlog if over a second of work is open at the end', () => {
    const plannedMs = Array.from({ length: 50 }, (_, index) => 1_000 + index * 100);
    const load = { rate: 10, count: 50 };
    const endedAfter = (latencyMs: number) => plannedMs.map((atMs) => atMs + latencyMs);
    assert.equal(backlogGrew(load, plannedMs, endedAfter(900)), false);
    assert.equal(backlogGrew(load, plannedMs, endedAfter(1_200)), true);
  });
});

describe('CPU time of the benchmark', () => {
  it('is that of a process and all its descendants', () => {
    const before = cpuMs(process.pid);
    const until = performance.now() + 5_000;
    let after = before;
    while (after - before < 50 && performance.now() < until) after = cpuMs(process.pid);
    assert.ok(after - before >= 50, `${after - before} ms`);
    // Our process is a descendant of our parent.
    assert.ok(cpuMs(process.ppid) >= after);
  });
});

describe('statement counter of the benchmark', () => {
  const message = (type: string, body: string) => {
    const header = Buffer.alloc(5);
    header.write(type);
    header.writeInt32BE(4 + Buffer.byteLength(body), 1);
    return Buffer.concat([header, Buffer.from(body)]);
  };
  const startUp = () => {
    const body = 'user\0irisx\0\0';
    const header = Buffer.alloc(8);
    header.writeInt32BE(8 + body.length);
    header.writeInt32BE(196_608, 4);
    return Buffer.concat([header, Buffer.from(body)]);
  };
  const read = (chunks: Buffer[]) => {
    const statements: string[] = [];
    const problems: string[] = [];
    const reader = new StatementReader(
      (text) => statements.push(text),
      (reason) => problems.push(reason),
    );
    for (const chunk of chunks) reader.push(chunk);
    return { statements, problems };
  };
  const session = Buffer.concat([
    startUp(),
    message('p', 'SCRAM-SHA-256\0'),
    message('Q', 'begin\0'),
    message('P', '\0select *\n  from t\0\0\0'),
    message('B', '\0\0\0\0\0\0\0\0'),
    message('D', 'P\0'),
    message('E', '\0\0\0\0\0'),
    message('S', ''),
    message('P', 'named\0select 2\0\0\0'),
    message('B', '\0named\0\0\0\0\0\0\0'),
    message('E', '\0\0\0\0\0'),
    message('B', '\0named\0\0\0\0\0\0\0'),
    message('E', '\0\0\0\0\0'),
    message('Q', 'commit\0'),
    message('X', ''),
  ]);
  const expected = ['begin', 'select * from t', 'select 2', 'select 2', 'commit'];

  it('counts executions of simple queries and prepared statements', () => {
    assert.deepEqual(read([session]), { statements: expected, problems: [] });
  });

  it('counts the same however the bytes are split', () => {
    for (const size of [1, 3, 7, 64]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < session.length; at += size) chunks.push(session.subarray(at, at + size));
      assert.deepEqual(read(chunks).statements, expected, `in pieces of ${size}`);
    }
  });

  it('reports bytes that it cannot parse, and counts nothing', () => {
    const ssl = Buffer.alloc(8);
    ssl.writeInt32BE(8);
    ssl.writeInt32BE(80_877_103, 4);
    const { statements, problems } = read([ssl, session]);
    assert.deepEqual(statements, []);
    assert.deepEqual(problems, ['the connection is encrypted']);
  });
});

describe('metrics that the benchmark reads', () => {
  it('are parsed as samples with labels', () => {
    const page = [
      '# HELP temporal_request Calls',
      '# TYPE temporal_request counter',
      'temporal_request{namespace="default",operation="StartWorkflowExecution"} 12',
      'temporal_long_request{operation="PollWorkflowTaskQueue",task_queue="a\\"b"} 3 1700000000000',
      'up 1',
    ].join('\n');
    assert.deepEqual(parseMetrics(page), [
      { name: 'temporal_request', labels: { namespace: 'default', operation: 'StartWorkflowExecution' }, value: 12 },
      { name: 'temporal_long_request', labels: { operation: 'PollWorkflowTaskQueue', task_queue: 'a\\"b' }, value: 3 },
      { name: 'up', labels: {}, value: 1 },
    ]);
  });

  it('can be compared with an earlier count', () => {
    const before = new Map([
      ['a', 2],
      ['b', 5],
    ]);
    const now = new Map([
      ['a', 2],
      ['b', 7],
      ['c', 1],
    ]);
    assert.deepEqual(
      [...since(before, now)],
      [
        ['b', 2],
        ['c', 1],
      ],
    );
  });
});

describe('report of the benchmark', () => {
  const row: Row = { id: 'x', name: 'x p95', value: 30, unit: 'ms', floors: [{ name: 'floor', value: 20 }] };

  it('compares with the floor and says whether the target is reached', () => {
    const report = new Report();
    report.add('m', { ...row, target: { of: 'ratio', is: 'at most', limit: 1.5 } });
    report.add('m', { ...row, target: { of: 'ratio', is: 'at least', limit: 1.6 } });
    report.add('m', { ...row, target: { of: 'value', is: 'at most', limit: 29 } });
    report.add('m', row);
    assert.deepEqual(
      report.rows.map(({ ratios, reached }) => ({ ratios, reached })),
      [
        { ratios: [1.5], reached: true },
        { ratios: [1.5], reached: false },
        { ratios: [1.5], reached: false },
        { ratios: [1.5], reached: undefined },
      ],
    );
    const [head, , first] = renderTable(report).split('\n');
    assert.match(head!, /^measured +value +unit +ratio to the floor +target +reached$/);
    assert.match(first!, /^x p95 +30 +ms +1\.50 × floor \(20\) +× ≤ 1\.5 +yes$/);
  });

  it('accepts no value that is not a number, and no missing value without a reason', () => {
    const report = new Report();
    assert.throws(() => report.add('m', { ...row, value: NaN }), /x p95 is no number/);
    assert.throws(() => report.add('m', { ...row, floors: [{ name: 'floor', value: 0 }] }), /floor of zero/);
    assert.throws(() => report.add('m', { ...row, value: null }), /without a reason/);
    assert.deepEqual(report.rows, []);
    report.add('m', { ...row, value: null, note: 'It runs elsewhere.' });
    report.fail('n', new Error('the service has ended'));
    const table = renderTable(report);
    assert.match(table, /x p95 +– +ms/);
    assert.match(table, /It runs elsewhere\./);
    assert.match(table, /FAILED {2}n: the service has ended/);
  });

  it('shows three significant digits', () => {
    assert.deepEqual([0.01234, 1.234, 12.34, 123.4, 1234.5, 7].map(showNumber), [
      '0.0123',
      '1.23',
      '12.3',
      '123',
      '1235',
      '7',
    ]);
  });
});
