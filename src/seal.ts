import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;

export interface Sealer {
  /**
   * Encrypts and authenticates. Two calls never give the same bytes. `context` says where the result is kept
   * (`webhook:12:secret`): it opens nowhere else, so a row copied onto another one is noticed.
   */
  seal(text: string, context: string): Buffer;
  /** The text again. Throws for another key, another context or changed bytes, without telling them apart. */
  open(sealed: Uint8Array, context: string): string;
}

/**
 * AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D §8.2.2: good for 2^32 seals a key). The key has 32 bytes.
 * Layout: version 1 (one byte), nonce (12), tag (16), ciphertext.
 */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== 32) throw new Error(`the encryption key has ${key.length} bytes; AES-256 takes 32`);
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      if (bytes.length < headBytes || bytes[0] !== version) {
        throw new Error(`${context} is not in a sealed form that is known here (version ${version})`);
      }
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(1 + nonceBytes, headBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]).toString('utf8');
      } catch {
        throw new Error(`${context} cannot be decrypted: it was sealed with another key, or changed since`);
      }
    },
  };
}

/** For a process that has no key, as it opens and seals nothing. */
export const noSealer: Sealer = {
  seal: () => {
    throw new Error('this process has no encryption key');
  },
  open: () => {
    throw new Error('this process has no encryption key');
  },
};
