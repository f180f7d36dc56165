import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = `${root}dist/portal`;
/** What its bundle is made from. */
const sources = ['portal', 'src/client/api-types.ts', 'package-lock.json'];

/**
 * Builds the portal's pages unless they are newer than what they are made from. Returns whether it did. Two processes
 * may do it at once: the pages are replaced as a whole.
 */
export async function buildPortal(): Promise<boolean> {
  const builtAtMs = await changedAtMs(`${folder}/index.html`);
  if (builtAtMs !== null && builtAtMs > (await lastChangeMs())) return false;
  const { build } = await import('vite');
  await mkdir(`${root}dist`, { recursive: true });
  const outDir = await mkdtemp(`${folder}-`);
  try {
    await build({ configFile: `${root}portal/vite.config.ts`, logLevel: 'error', build: { outDir } });
    await rm(folder, { recursive: true, force: true });
    await rename(outDir, folder);
  } catch (error) {
    // Another process was faster; its pages are the same.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
  return true;
}

async function lastChangeMs(): Promise<number> {
  const files = await readdir(`${root}portal`, { recursive: true });
  const paths = [...sources, ...files.map((file) => `portal/${file}`)];
  const times = await Promise.all(paths.map((path) => changedAtMs(`${root}${path}`)));
  return Math.max(...times.map((time) => time ?? 0));
}

/** Null: there is no such file. */
async function changedAtMs(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
