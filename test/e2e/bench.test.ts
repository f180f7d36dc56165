import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Failure, ReportedRow } from '../../bench/report.js';

const listed = [
  'statistics',
  'webhooks',
  'newest',
  'page',
  'failed',
  'pending',
  'delivered',
  'delivered-none',
  'event-type',
  'event-type-delivered',
  'event-type-failed',
  'event-type-absent',
  'event-id',
  'event-id-failed',
  'middle',
  'middle-failed',
  'old',
  'one',
  'audit-action',
  'audit-action-absent',
  'audit-middle',
  'audit-newest',
  'audit-subject',
  'audit-subject-type',
  'events-event-id',
  'events-event-type',
  'events-event-type-absent',
  'events-middle',
  'events-middle-type',
  'events-newest',
  'events-old',
  'recoveries',
  'tenant-delivered',
  'tenant-event-type',
  'tenant-failed',
  'tenant-newest',
  'tenant-page',
  'tenant-pending',
];
const latencies = ['accept', 'receive'].flatMap((what) =>
  ['p50', 'p95', 'p99'].flatMap((name) => [10, 20].map((rate) => `${what}-${name}-${rate}`)),
);
// One of each kind: with a service under load, with its statements counted, and of Postgres alone. All take many minutes.
const chosen = 'latency,cost,lists,statistics'.split(',');
const shown = ['hours', 'hours-tenant', 'days', 'minutes', 'counted'].map((name) => `statistics-${name}`);
const rows = [
  ...latencies,
  'kept-up',
  'statements',
  'round-trips',
  'polls',
  'history',
  ...listed.map((name) => `list-${name}`),
  ...shown,
];
/** The targets of the table: the bench says of each whether it is reached. */
const targets = [
  'receive-p95-10',
  'accept-p95-20',
  'statements',
  'round-trips',
  'history',
  ...listed.map((name) => `list-${name}`),
  'statistics-hours',
  'statistics-hours-tenant',
];

describe('npm run bench', function () {
  this.timeout(400_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-bench-test-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function bench(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...args], {
      // nothing else from the environment of the tests
      env: { PATH, HOME },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, out, err };
  }

  // The numbers themselves are not tested: people judge speed, on an otherwise idle machine.
  // The Node that it is given is the usual one, and notes its calls.
  it('measures the rows that it is asked for on the given Node, and says whether each target is reached and how it was measured', async () => {
    const file = path.join(folder, 'result.json');
    const node = path.join(folder, 'noting-node');
    const calls = path.join(folder, 'calls');
    await writeFile(node, `#!/bin/sh\necho "$@" >> '${calls}'\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    const { code, out, err } = await bench('--quick', '--only', chosen.join(), '--json', file, '--node', node);
    assert.equal(code, 0, `${out}\n${err}`);
    const result = JSON.parse(await readFile(file, 'utf8')) as {
      quick: boolean;
      rows: ReportedRow[];
      failures: Failure[];
      machine: { cores: number; memoryGb: number; versions: Record<string, string> };
    };
    assert.deepEqual(result.failures, []);
    assert.equal(result.quick, true);
    assert.deepEqual(result.rows.map(({ id }) => id).sort(), [...rows].sort());
    for (const { id, name, value, floors = [], ratios } of result.rows) {
      assert.ok(typeof value === 'number' && Number.isFinite(value) && value >= 0, `${id} is ${value}`);
      assert.equal(ratios.length, floors.length, id);
      assert.ok(out.includes(name), `${name} is in the table`);
    }
    assert.deepEqual(
      result.rows
        .filter(({ reached }) => typeof reached === 'boolean')
        .map(({ id }) => id)
        .sort(),
      [...targets].sort(),
    );
    assert.ok(result.machine.cores >= 1 && result.machine.memoryGb > 0);
    assert.ok(
      Object.values(result.machine.versions).every((version) => /\d+\.\d+/.test(version)),
      out,
    );
    assert.match(out, /say nothing of speed/);
    assert.match(err, /latency: 10\/s, the product/, 'it says what it is doing');
    assert.match(await readFile(calls, 'utf8'), /src\/server\/service\.js/);
    assert.ok(out.includes(`Node ${process.version}`), 'it says on which Node');
  });

  it('says what is wrong with its arguments', async () => {
    const { code, err } = await bench('--only', 'latency,speed');
    assert.equal(code, 2);
    assert.match(err, /no measurement speed/);
    assert.match(err, /latency, throughput, fan-out/);
  });

  it('refuses a path that is not a Node binary', async () => {
    const { code, err } = await bench('--node', '/bin/true');
    assert.equal(code, 2);
    assert.match(err, /--node must be the path of a Node binary, but is \/bin\/true/);
  });
});
