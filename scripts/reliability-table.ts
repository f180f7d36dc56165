// Renders the table of docs/reliability.md from the results of `npm run test:faults -- --out FOLDER`:
//
//     npx tsx scripts/reliability-table.ts FOLDER/*.json
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { renderTables } from '../test/faults/report/markdown.js';
import type { FaultRunResult } from '../test/faults/report/result.js';

const page = fileURLToPath(new URL('../docs/reliability.md', import.meta.url));
const begin = '<!-- table: begin -->';
const end = '<!-- table: end -->';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Name the JSON files of the runs: npx tsx scripts/reliability-table.ts FOLDER/*.json');
  process.exit(2);
}
const results: FaultRunResult[] = [];
for (const file of files) results.push(JSON.parse(await readFile(file, 'utf8')) as FaultRunResult);
const text = await readFile(page, 'utf8');
const [before, rest] = text.split(begin);
const after = rest?.split(end)[1];
if (after === undefined) throw new Error(`${page} has no ${begin} … ${end}`);
await writeFile(page, `${before}${begin}\n${renderTables(results)}\n${end}${after}`);
console.log(`${results.length} runs in ${page}`);
