import type { Queryable } from '../db/database.js';
import {
  countWebhooksByKey,
  listSealedKeys,
  sampleSealed,
  type SealedColumn,
  type SealedKey,
  type SealedValue,
} from '../db/sealed-values.js';
import { sealContext } from './seal-context.js';
import { openIfReadable, type Sealer } from './seal.js';
import { StartError } from '../errors.js';

/** A key that stored values need: it is not here (`missing`), or the key here with that id is another one (`wrong`). */
export interface UnreadableKey {
  /** Null: values that name no key, and at least some of them cannot be opened by any key here. */
  keyId: string | null;
  reason: 'missing' | 'wrong';
}

/** A single value may be damaged, which says nothing about the key: it must open at least one of a few. */
const triedByKey = 3;
/** Values without a key id may need several keys, so more of them are tried, and each must open. */
const triedWithoutKey = 50;

/** Compares the keys here with what is stored, and tries each on stored values. Takes a few milliseconds, always. */
export async function findUnreadableKeys(db: Queryable, sealer: Sealer): Promise<UnreadableKey[]> {
  const found: UnreadableKey[] = [];
  for (const key of await listSealedKeys(db)) {
    if (found.some(({ keyId }) => keyId === key.keyId)) continue;
    if (key.keyId !== null && !sealer.keyIds.includes(key.keyId)) found.push({ keyId: key.keyId, reason: 'missing' });
    else if (!(await opens(db, sealer, key))) found.push({ keyId: key.keyId, reason: 'wrong' });
  }
  return found;
}

async function opens(db: Queryable, sealer: Sealer, key: SealedKey): Promise<boolean> {
  const values = await sampleSealed(db, key, key.keyId === null ? triedWithoutKey : triedByKey);
  const isReadable = ({ tenantId, sealed }: SealedValue) =>
    openIfReadable(sealer, sealed, contextOf(key.column, tenantId)) !== undefined;
  // No values: they were changed or deleted since the keys were listed.
  if (values.length === 0) return true;
  return key.keyId === null ? values.every(isReadable) : values.some(isReadable);
}

/** The context for which a column's values are sealed. */
export const contextOf = (column: SealedColumn, tenantId: string): string =>
  column === 'headers_sealed' ? sealContext.headers(tenantId) : sealContext.secret(tenantId);

/** @throws {EncryptionKeyError} when something is stored that the keys here do not open */
export async function requireReadable(db: Queryable, sealer: Sealer): Promise<void> {
  const unreadable = await findUnreadableKeys(db, sealer);
  if (unreadable.length === 0) return;
  const webhooks = await countWebhooksByKey(db);
  throw new EncryptionKeyError(
    unreadable.map((key) => ({ ...key, webhooks: webhooks.get(key.keyId) ?? 0 })),
    sealer.keyIds,
  );
}

/** Stored values need other keys than those that were given. Names keys by their ids, never by their bytes. */
export class EncryptionKeyError extends StartError {
  constructor(
    readonly unreadable: readonly (UnreadableKey & { webhooks: number })[],
    keyIds: readonly string[],
  ) {
    super(
      `The encryption keys do not open what is stored. Here: ${keyIds.join(', ')}. ` +
        `${unreadable.map(describe).join('. ')}. ${remedy}`,
    );
  }
}

export const remedy =
  'Start with the keys from before, or add the missing ones to IRISX_ENCRYPTION_KEYS behind the first. ' +
  'What to do when a key is lost for good is in docs/operations.md.';

function describe({ keyId, reason, webhooks }: UnreadableKey & { webhooks: number }): string {
  const of = `${webhooks} ${webhooks === 1 ? 'webhook has' : 'webhooks have'} values`;
  if (keyId === null) return `${of} that name no key, and at least some of them are opened by none of these`;
  return reason === 'missing'
    ? `${of} that need ${keyId}, which is missing`
    : `${of} that need ${keyId}, but the key that has this id here does not open them`;
}
