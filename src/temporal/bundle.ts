import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from 'pino';

const workflows = fileURLToPath(new URL('../../workflows/', import.meta.url));
/** Made by `npm run build`, beside the compiled workflows. */
export const builtBundle = path.join(workflows, 'bundle.cjs');

/**
 * The workflow code as one file. It is the built one; in a checkout it is rebuilt when the workflows change and kept in
 * node_modules/.cache. Several processes may call this at the same time: the file appears whole or not at all.
 */
export async function workflowBundle(log: Logger): Promise<{ codePath: string }> {
  if (existsSync(builtBundle)) return { codePath: builtBundle };
  const cache = fileURLToPath(new URL('../../node_modules/.cache/irisx-webhooks/', import.meta.url));
  const codePath = path.join(cache, `workflows-${await sourcesHash()}.cjs`);
  if (!existsSync(codePath)) {
    log.info('workflows.bundling');
    await mkdir(cache, { recursive: true });
    await writeBundle(codePath);
  }
  return { codePath };
}

/** Bundles to a temporary file first, so that a reader never sees half of it. */
export async function writeBundle(codePath: string): Promise<void> {
  const entry = ['index.ts', 'index.js'].map((name) => path.join(workflows, name)).find(existsSync);
  if (!entry) throw new Error(`no workflows in ${workflows}`);
  const quiet = () => undefined;
  const logger = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: console.error };
  // Evaluated once for all workflows, not once for each: ours keep no state outside their functions.
  const preloadModules = ['@temporalio/workflow', entry];
  const { code } = await bundleWorkflowCode({ workflowsPath: entry, preloadModules, logger });
  const partial = `${codePath}.${randomUUID()}`;
  await writeFile(partial, code);
  await rename(partial, codePath);
}

async function sourcesHash(): Promise<string> {
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  // This file is hashed too, since it decides how they are bundled.
  const hash = createHash('sha256')
    .update(version)
    .update(await readFile(fileURLToPath(import.meta.url)));
  const entries = await readdir(workflows, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  for (const file of files.sort()) hash.update(path.relative(workflows, file)).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
