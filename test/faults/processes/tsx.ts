import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Node's arguments to run TypeScript from any folder. Not the tsx command: that would be a process in between, which
 * would get the signals. (`import.meta.resolve` is not available in a file that mocha loads.)
 */
export const runTypeScript = ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
