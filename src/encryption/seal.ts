import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A key of 32 bytes (AES-256) and the id by which sealed values refer to it. */
export interface EncryptionKey {
  /** 1 to 32 characters of A-Z, a-z, 0-9, _ and -. */
  readonly id: string;
  readonly key: Buffer;
}

/** The first key seals; all of them open. */
export type Keyring = readonly EncryptionKey[];

export const keyIdForm = /^[\w-]{1,32}$/;

/** A key without a given id: its id is derived from its SHA-256. */
export const unnamedKey = (key: Buffer): EncryptionKey => ({ id: derivedId(key), key });

/** The ids by which values may refer to this key: its own, and the derived one that it has without a given id. */
export const keyIdsOf = ({ id, key }: EncryptionKey): string[] => [...new Set([id, derivedId(key)])];

const derivedId = (key: Buffer) => createHash('sha256').update(key).digest('hex').slice(0, 8);

export interface Sealer {
  /**
   * The ids of the keys here; the first one seals. A value with another id (`sealedKeyId`, in SQL `sealed_key_id`)
   * cannot be opened; one without an id perhaps can.
   */
  readonly keyIds: readonly string[];
  /**
   * Encrypts and authenticates. Two calls never give the same bytes. `context` says where the result is kept (see
   * sealContext): it cannot be opened with another context, so a value copied to another tenant is noticed.
   */
  seal(text: string, context: string): Buffer;
  /** Decrypts. @throws {UnreadableError} for a key that is missing or wrong, another context or changed bytes */
  open(sealed: Uint8Array, context: string): string;
}

/** A sealed value that the keys here do not open. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
  constructor(
    message: string,
    /** The id of the key that the value needs; null: it names none. */
    readonly keyId: string | null,
  ) {
    super(message);
  }
}

/**
 * Version 1 has no key id: version, nonce (12), tag (16), ciphertext. Version 2: version, length of the id, id, then
 * the same.
 */
const version1 = 1;
const version2 = 2;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D §8.2.2: good for 2^32 seals a key). Seals in version 2,
 * opens version 1 as well, by trying every key. @throws for an invalid keyring, see `keyringProblem`
 */
export function createSealer(keyring: Keyring): Sealer {
  const problem = keyringProblem(keyring);
  if (problem) throw new Error(`the encryption keys do not fit: ${problem}`);
  const current = keyring[0]!;
  const byId = new Map(keyring.flatMap((each) => keyIdsOf(each).map((id) => [id, each.key] as const)));
  const keyIds = [...byId.keys()];
  const head = Buffer.concat([Buffer.of(version2, current.id.length), Buffer.from(current.id, 'ascii')]);

  return {
    keyIds,
    seal: (text, context) => Buffer.concat([head, encrypt(current.key, text, aad(head, context))]),
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      const keyId = sealedKeyId(bytes);
      if (keyId === null) {
        if (bytes[0] !== version1)
          throw new UnreadableError(`${context} is in no sealed form that is known here`, null);
        for (const { key } of keyring) {
          const text = decrypt(key, bytes.subarray(1), Buffer.from(context));
          if (text !== undefined) return text;
        }
        throw new UnreadableError(
          `${context} cannot be decrypted by any key here (${keyIds.join(', ')}): it was sealed with another one, or changed since. ${remedy}`,
          null,
        );
      }
      const key = byId.get(keyId);
      if (!key)
        throw new UnreadableError(
          `${context} needs the encryption key ${keyId}, which is not here (${keyIds.join(', ')}). ${remedy}`,
          keyId,
        );
      const headLength = 2 + keyId.length;
      const text = decrypt(key, bytes.subarray(headLength), aad(bytes.subarray(0, headLength), context));
      if (text === undefined)
        throw new UnreadableError(
          `${context} cannot be decrypted: it was changed since, or another key was called ${keyId} when it was sealed`,
          keyId,
        );
      return text;
    },
  };
}

const remedy = 'Add the missing key to IRISX_ENCRYPTION_KEYS, behind the first one';

/**
 * The id of the key that a sealed value needs, without opening it; null in version 1 and for anything that is not a
 * sealed value. Must match `sealed_key_id` in SQL.
 */
export function sealedKeyId(sealed: Uint8Array): string | null {
  const [version, length = 0] = sealed;
  if (version !== version2 || sealed.length < 2 + length) return null;
  const id = Buffer.from(sealed.subarray(2, 2 + length)).toString('latin1');
  return keyIdForm.test(id) ? id : null;
}

/** Like `open`, but undefined for a value that cannot be opened. */
export function openIfReadable(sealer: Sealer, sealed: Uint8Array, context: string): string | undefined {
  try {
    return sealer.open(sealed, context);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return undefined;
  }
}

/** What is wrong with a keyring, without showing a byte of it; undefined if nothing is. */
export function keyringProblem(keyring: Keyring): string | undefined {
  if (keyring.length === 0) return 'there is none';
  const number = (index: number) => `number ${index + 1}`;
  for (const [index, { id, key }] of keyring.entries()) {
    if (key.length !== 32) return `${number(index)} has ${key.length} bytes; AES-256 takes 32`;
    if (!keyIdForm.test(id)) return `the id of ${number(index)} must be 1 to 32 letters, digits, - and _`;
    for (const [other, earlier] of keyring.slice(0, index).entries()) {
      const both = `${number(other)} and ${number(index)}`;
      if (key.equals(earlier.key)) return `${both} are the same key`;
      // Derived ids count too: otherwise a value could refer to either key.
      if (keyIdsOf(earlier).some((each) => keyIdsOf({ id, key }).includes(each))) return `${both} have the same id`;
    }
  }
  return undefined;
}

/** Authenticates key id and context. The head cannot be mistaken for a context, as no context begins with its byte. */
const aad = (head: Buffer, context: string) => Buffer.concat([head, Buffer.from(context)]);

function encrypt(key: Buffer, text: string, authenticated: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(authenticated);
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/** Undefined when the key, the authenticated data or the bytes differ from those at sealing; it cannot tell which. */
function decrypt(key: Buffer, body: Buffer, authenticated: Buffer): string | undefined {
  if (body.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(authenticated);
  decipher.setAuthTag(body.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(body.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** For a process without a key, which opens and seals nothing. */
export const noSealer: Sealer = {
  keyIds: [],
  seal: () => {
    throw new Error('this process has no encryption key');
  },
  open: () => {
    throw new Error('this process has no encryption key');
  },
};
