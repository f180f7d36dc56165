import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Measurement } from '../bench.js';

const deadlineMs = 120_000;

/** `npm run demo`, from the command to the line that shows the first request. */
export const demo: Measurement = {
  name: 'demo',
  async run(bench) {
    bench.progress('npm run demo, up to its first delivery');
    const folder = await mkdtemp(path.join(bench.servers.folder, 'demo-'));
    try {
      bench.add({
        id: 'demo',
        name: '`npm run demo`, start → first delivery',
        value: await firstDeliverySeconds(folder),
        unit: 's',
        target: { of: 'value', is: 'at most', limit: 15 },
      });
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
  },
};

async function firstDeliverySeconds(folder: string): Promise<number> {
  const { PATH, HOME } = process.env;
  const began = performance.now();
  const child = spawn('npm', ['run', 'demo', '--silent'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    // Without our environment: the demo would use a server that it names.
    env: { PATH, HOME, NO_COLOR: '1', TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const words: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no delivery within ${deadlineMs / 1000} s:\n${words.join('\n')}`)),
        deadlineMs,
      );
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`it ended (${code}) before a delivery:\n${words.join('\n')}`)));
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on('line', (line) => {
          words.push(line);
          if (/^\s+POST\s/.test(line)) resolve((performance.now() - began) / 1000);
        });
      }
    });
  } finally {
    clearTimeout(timer);
    // The rest of the demo is not measured. Its servers end with it.
    if (child.pid !== undefined) killGroup(child.pid);
    await exited;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
