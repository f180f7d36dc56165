import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
// A CommonJS module whose names Node cannot see: only its default export works outside of a bundler.
import proto from '@temporalio/proto';
import { keyIdForm, keyringProblem, UnreadableError, type EncryptionKey, type Keyring } from './seal.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/**
 * The names that Temporal's own encryption samples use, so that events from any SDK's sample codec can be read here.
 */
const encoding = 'binary/encrypted';
const keyIdField = 'encryption-key-id';
const nonceBytes = 12;
const tagBytes = 16;

/** Whether a payload is sealed, with whatever key. */
export const isSealed = (payload: Payload): boolean => textOf(payload, 'encoding') === encoding;

/** The id of the key that a sealed payload needs; empty if it names none. */
export const payloadKeyId = (payload: Payload): string => textOf(payload, keyIdField);

const textOf = ({ metadata }: Payload, name: string) => Buffer.from(metadata?.[name] ?? []).toString();

/** A sealed payload as it is sent to Temporal. */
export const sealedPayload = (keyId: string, data: Uint8Array): Payload => ({
  metadata: { encoding: Buffer.from(encoding), [keyIdField]: Buffer.from(keyId) },
  data,
});

/**
 * AES-256-GCM over the whole payload as protobuf: nonce (12 bytes), ciphertext, tag (16). No associated data, as in
 * Temporal's samples: the event itself names its tenant, and the key seals nothing but events.
 */
export function sealPayload({ id, key }: EncryptionKey, payload: Payload): Payload {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  const plain = PayloadMessage.encode(payload).finish();
  return sealedPayload(id, Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

/** @throws {UnreadableError} for a key that is missing or wrong, or changed bytes */
export function openPayload(keyring: Keyring, payload: Payload): Payload {
  const keyId = payloadKeyId(payload);
  const key = keyring.find(({ id }) => id === keyId)?.key;
  if (!key)
    throw new UnreadableError(
      `The event needs the key ${keyIdForm.test(keyId) ? keyId : 'of another form'}, which is not here ` +
        `(${keyring.map(({ id }) => id).join(', ')}). Add it to IRISX_EVENT_KEYS of the workers`,
      keyId,
    );
  const bytes = Buffer.from(payload.data ?? []);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const plain = [decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()];
    return PayloadMessage.decode(Buffer.concat(plain));
  } catch {
    throw new UnreadableError(
      `The event cannot be decrypted: it was changed, or source and workers call different keys ${keyId}`,
      keyId,
    );
  }
}

/** For a client that starts `acceptEvent`: the first key seals what it sends; all keys open what it receives. */
export function createEventCodec(keyring: Keyring): PayloadCodec {
  const current = keyring[0]!;
  return {
    encode: async (payloads) => payloads.map((payload) => sealPayload(current, payload)),
    decode: async (payloads) =>
      payloads.map((payload) => (isSealed(payload) ? openPayload(keyring, payload) : payload)),
  };
}

const entryForm = /^([\w-]{1,32}):([A-Za-z0-9+/_-]{43}=?)$/;

/**
 * `id:key`, each key 32 bytes in base64, separated by commas, as in `IRISX_EVENT_KEYS`. @throws for any other text,
 * without quoting it
 */
export function parseEventKeys(text: string): Keyring {
  const keys = text.split(',').map((entry, index) => {
    const [, id, key] = entryForm.exec(entry.trim()) ?? [];
    if (id && key) return { id, key: Buffer.from(key, 'base64') };
    throw new Error(
      `Number ${index + 1} of the event keys must be id:key, with an id (1 to 32 letters, digits, - and _) and 32 bytes in base64`,
    );
  });
  const problem = keyringProblem(keys);
  if (problem) throw new Error(`The event keys do not fit: ${problem}`);
  return keys;
}
