import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Node's arguments to run TypeScript from any folder. Not the tsx command: that would be a process in between, which
 * would get the signals. (`import.meta.resolve` is not available in a file that mocha loads.)
 */
export const runTypeScript = ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];

/**
 * Node's arguments to run a program of `src`, such as `server/worker`: compiled, if the test runner has compiled it.
 * Those of `dev` need a checkout around them.
 */
export function runProgram(name: string): string[] {
  const compiled = process.env['TEST_COMPILED_FOLDER'];
  if (compiled && !name.startsWith('dev/')) return [path.join(compiled, 'src', `${name}.js`)];
  return [...runTypeScript, fileURLToPath(new URL(`../../src/${name}.ts`, import.meta.url))];
}
