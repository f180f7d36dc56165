import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../../errors.js';

export interface Keys {
  /** 32 bytes in base64, as `IRISX_ENCRYPTION_KEY` takes them; absent if `IRISX_ENCRYPTION_KEYS` names the keys. */
  encryptionKey?: string;
  /** As `IRISX_ADMIN_KEY` takes it. */
  adminKey: string;
}

/**
 * The embedded stack's keys. Those that are not given are made the first time and kept in the data folder, readable by
 * their owner alone. Two processes at the same time get the same ones. Without the encryption key, the webhooks'
 * secrets are lost.
 */
export async function loadOrCreateKeys(
  dataDir: string,
  given: {
    encryptionKey?: string | undefined;
    encryptionKeys?: string | undefined;
    adminKey?: string | undefined;
  } = {},
): Promise<Keys> {
  await mkdir(dataDir, { recursive: true });
  const kept = (name: string, create: () => string) => readOrCreateSecret(path.join(dataDir, name), create);
  const encryptionKey =
    given.encryptionKey ||
    (given.encryptionKeys ? undefined : await kept('encryption-key', () => randomBytes(32).toString('base64')));
  return {
    ...(encryptionKey !== undefined && { encryptionKey }),
    adminKey: given.adminKey || (await kept('admin-key', () => `irisx_admin_${randomBytes(24).toString('base64url')}`)),
  };
}

/**
 * The file's content; made by `create` if there is no file. If two processes race, both get what the first one wrote.
 */
export async function readOrCreateSecret(file: string, create: () => string): Promise<string> {
  const existing = await readSecret(file);
  if (existing !== undefined) return existing;
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${create()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // A link, not a rename: it fails when the other process was first, and nobody ever sees half a file.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await readSecret(file))!;
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code !== 'EACCES') throw error;
    throw new StartError(`${file} belongs to another user: run as that one, or set IRISX_DATA_DIR to another folder.`);
  }
}
