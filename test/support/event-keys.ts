import { randomBytes } from 'node:crypto';
import type { EncryptionKey, Keyring } from '../../src/encryption/seal.js';

export const newEventKey = (id: string): EncryptionKey => ({ id, key: randomBytes(32) });

/** In the format of IRISX_EVENT_KEYS. */
export const eventKeysText = (keys: Keyring): string =>
  keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(',');
