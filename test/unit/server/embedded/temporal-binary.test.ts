import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../../../../src/log.js';
import { findTemporalBinary } from '../../../../src/dev/embedded/temporal-binary.js';

describe('findTemporalBinary', () => {
  let folder: string;
  const before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
  const log = createLogger({ level: 'silent', format: 'json' });

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-binary-'));
    process.env.PATH = path.join(folder, 'bin');
    process.env.XDG_CACHE_HOME = path.join(folder, 'cache');
  });
  afterEach(async () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(folder, { recursive: true });
  });

  async function installFake(file: string, script = 'echo temporal version 9.8.7 "(Server 1.2.3)"'): Promise<string> {
    const full = path.join(folder, file);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, `#!/bin/sh\n${script}\n`);
    await chmod(full, 0o755);
    return full;
  }

  it('prefers the binary on PATH', async () => {
    await installFake('cache/irisx-webhooks/temporal/1.9.1/temporal');
    const own = await installFake('bin/temporal');
    assert.deepEqual(await findTemporalBinary({ log }), { path: own, source: 'path', version: '9.8.7' });
  });

  it('uses the binary that an earlier start downloaded, without network access', async () => {
    const cached = await installFake('cache/irisx-webhooks/temporal/1.9.1/temporal');
    assert.deepEqual(await findTemporalBinary({ log }), { path: cached, source: 'cache', version: '1.9.1' });
  });

  it('skips a file of that name that does not run', async () => {
    await installFake('bin/temporal', 'exit 1');
    const cached = await installFake('cache/irisx-webhooks/temporal/1.9.1/temporal');
    assert.equal((await findTemporalBinary({ log })).path, cached);
  });
});
