/**
 * `npm run test:faults`: runs the real stack under load while its processes are killed, frozen and restarted, then
 * checks the invariants of docs/reliability.md against what the receivers saw. Exits with 1 if one is violated.
 *
 *     npm run test:faults                                    ten minutes, a random seed
 *     npm run test:faults -- --minutes 60 --seed 7 --out /tmp/table
 *     npm run test:faults -- --faults kill --targets postgres --minutes 3 --keep
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../../src/errors.js';
import { readOptions, usage } from './options.js';
import { renderTables } from './report/markdown.js';
import { isGood } from './report/result.js';
import { runFaults, type FaultRun } from './run-faults.js';

process.exit(await main());

async function main(): Promise<number> {
  let given: ReturnType<typeof readOptions>;
  try {
    given = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (given.help) {
    console.log(usage);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error(signal)));
  const beganAt = Date.now();
  const progress = (line: string) =>
    console.log(`${((Date.now() - beganAt) / 1_000).toFixed(0).padStart(5)} s  ${line}`);
  try {
    const run = await runFaults(given.options, progress, interrupted.signal);
    console.log(`\n${renderTables([run.result])}`);
    if (run.details !== '') console.log(run.details);
    if (given.out !== undefined) await write(given.out, run);
    console.log(`\n${run.result.violations.length} violations, seed ${given.options.seed}`);
    return isGood(run.result) ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) console.error('Interrupted.');
    else console.error(error instanceof StartError ? error.message : error);
    return 1;
  }
}

async function write(folder: string, { result, details }: FaultRun): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { shape, temporal, seed } = result.options;
  const file = path.join(folder, `${shape}-${temporal}-${seed}`);
  await writeFile(`${file}.json`, `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(`${file}.md`, `${renderTables([result])}\n${details}\n`);
  console.log(`written: ${file}.json and .md`);
}
