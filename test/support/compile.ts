import { copyFile, cp, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { Logger } from '../../src/log.js';
import { workflowBundle } from '../../src/temporal/bundle.js';

const sources = ['src', 'workflows', 'activities'];

/**
 * Compiles the sources into `<folder>/dist`, laid out like the installed package, and returns that folder. A process
 * that starts from there needs half the CPU time of one that starts from TypeScript. Types are not checked.
 */
export async function compile(folder: string, log: Logger): Promise<string> {
  const dist = path.join(folder, 'dist');
  await mkdir(dist, { recursive: true });
  for (const name of ['package.json', 'migrations', 'node_modules'])
    await symlink(path.resolve(name), path.join(folder, name));
  // The programs also read files that are not TypeScript.
  for (const name of sources)
    await cp(name, path.join(dist, name), { recursive: true, filter: (file) => !file.endsWith('.ts') });
  await build({
    entryPoints: sources.map((name) => `${name}/**/*.ts`),
    outdir: dist,
    outbase: '.',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    logLevel: 'error',
  });
  const bundle = await workflowBundle(log);
  await copyFile(bundle.codePath, path.join(dist, 'workflows', 'bundle.cjs'));
  return dist;
}
