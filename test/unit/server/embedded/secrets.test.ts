import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadOrCreateKeys } from '../../../../src/dev/embedded/secrets.js';

describe('loadOrCreateKeys', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-keys-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('creates the keys once, readable only by their owner', async () => {
    const keys = await loadOrCreateKeys(folder);
    assert.equal(Buffer.from(keys.encryptionKey!, 'base64').length, 32);
    assert.match(keys.adminKey, /^irisx_admin_[\w-]{32}$/);
    assert.deepEqual(await loadOrCreateKeys(folder), keys);
    for (const file of ['encryption-key', 'admin-key']) {
      assert.equal((await stat(path.join(folder, file))).mode & 0o777, 0o600);
    }
  });

  it('creates none if one is given, since an unused file would mislead', async () => {
    const given = { encryptionKey: 'a', adminKey: 'b' };
    assert.deepEqual(await loadOrCreateKeys(folder, given), given);
    const ring = { encryptionKeys: 'id:a', adminKey: 'b' };
    assert.deepEqual(await loadOrCreateKeys(folder, ring), { adminKey: 'b' });
    assert.deepEqual(await readdir(folder), []);
  });

  it('returns the same keys to concurrent callers', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateKeys(path.join(folder, 'new'))));
    assert.equal(new Set(answers.map((keys) => JSON.stringify(keys))).size, 1);
  });
});
