// `npm start` and similar commands: runs a program of `npm run build` by name, in this process, so that signals reach
// it.
import { existsSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';

const [name, ...args] = process.argv.slice(2);
const program = new URL(`../dist/src/server/${name}.js`, import.meta.url);
const file = fileURLToPath(program);
if (existsSync(file)) {
  process.argv.splice(1, Infinity, file, ...args);
  await import(program.href);
} else {
  console.error(`${file} is missing: run \`npm run build\` first. For development, use \`npm run dev\`.`);
  process.exitCode = 1;
}
