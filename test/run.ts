/**
 * The test runner behind `npm test`: starts what the tests need, runs mocha, and ends with `N passed, N failed`.
 *
 *     npm test                                   everything
 *     npm test -- test/unit/log.test.ts          one file; servers are started only when it is no unit test
 *     npm test -- --grep 'rate limit'            mocha's options
 *
 * Files run several at a time, each in a process of its own; those named `*.serial.test.ts` (exact timing, or all of the
 * machine) run afterwards, one by one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '../src/errors.js';
import { startTestServers, type TestServers } from './support/servers.js';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const everything = ['test/**/*.test.ts'];
/** Most of them wait most of the time. */
const jobs = 5;
/** A mocha that has reported everything and stays is held open by something that a test forgot. */
const lingerMs = 15_000;

let servers: TestServers | undefined;
let mocha: ChildProcess | undefined;
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    killMocha('SIGTERM');
  });
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { files, options } = await parseArguments(args);
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    if (files.some((file) => !file.startsWith('test/unit/'))) servers = await startTestServers();
    const parallel = files.filter((file) => !file.includes('.serial.'));
    const serial = files.filter((file) => file.includes('.serial.'));
    const groups = [
      { files: parallel, flags: parallel.length > 1 ? ['--parallel', '--jobs', String(jobs)] : [] },
      { files: serial, flags: [] },
    ];
    for (const group of groups.filter(({ files }) => files.length > 0)) {
      if (interrupted) break;
      const counts = await runMocha([...group.flags, ...options, ...group.files]);
      for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
    }
  } catch (error) {
    console.error(error instanceof StartError ? error.message : error);
    total.failed += 1;
  } finally {
    await servers?.stop();
  }
  if (interrupted) console.error('Interrupted.');
  if (total.passed + total.failed === 0) console.error('No test was run.');
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
  return interrupted || total.failed > 0 || total.passed === 0 ? 1 : 0;
}

/** What looks like a path is a file, a folder or a glob; the rest is mocha's. */
async function parseArguments(args: string[]): Promise<{ files: string[]; options: string[] }> {
  const isPath = (arg: string) => !arg.startsWith('-') && (arg.includes('/') || arg.endsWith('.ts'));
  const all = (await readdir('test', { recursive: true })).map((file) => `test/${file.replaceAll(path.sep, '/')}`);
  const patterns = args.filter(isPath);
  const files = (patterns.length > 0 ? patterns : everything).flatMap((pattern) => {
    const found = all.filter((file) => file.endsWith('.test.ts') && fits(file, path.relative('.', pattern)));
    if (found.length === 0) console.error(`No test file fits ${pattern}.`);
    return found;
  });
  return { files: [...new Set(files)].sort(), options: args.filter((arg) => !isPath(arg)) };
}

/** Globs with `*` and `**` only; Node has none of its own before version 22. */
function fits(file: string, pattern: string): boolean {
  if (file === pattern || file.startsWith(`${pattern}/`)) return true;
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'));
  return new RegExp(`^${source}$`).test(file);
}

/** A mocha that crashed counts as one failed test. */
async function runMocha(args: string[]): Promise<Counts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'irisx-mocha-'));
  const countsFile = path.join(folder, 'counts.json');
  const bin = path.join(path.dirname(fileURLToPath(import.meta.resolve('mocha'))), 'bin', 'mocha.js');
  const started = spawn(process.execPath, [bin, '--reporter', 'test/support/reporter.mjs', ...args], {
    stdio: 'inherit',
    // A process group of its own: mocha, the mocha that it starts, and its workers are ended together.
    detached: true,
    env: { ...process.env, ...servers?.env, TEST_COUNTS_FILE: countsFile },
  });
  mocha = started;
  const code = new Promise<number | null>((resolve) => started.once('exit', resolve));
  const linger = setInterval(() => {
    if (!existsSync(countsFile)) return;
    clearInterval(linger);
    setTimeout(() => {
      if (started.exitCode !== null || started.signalCode !== null) return;
      console.error('Mocha stays although all tests have ended: some test left a server or connection open.');
      killMocha('SIGKILL');
    }, lingerMs).unref();
  }, 500);
  const exitCode = await code;
  clearInterval(linger);
  killMocha('SIGKILL'); // what is left of its group
  try {
    return JSON.parse(await readFile(countsFile, 'utf8')) as Counts;
  } catch {
    if (!interrupted) console.error(`Mocha ended (${exitCode ?? 'by a signal'}) before it had reported.`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function killMocha(signal: NodeJS.Signals): void {
  try {
    if (mocha?.pid) process.kill(-mocha.pid, signal);
  } catch {
    // gone already
  }
}
