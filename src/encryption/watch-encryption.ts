import { DatabaseUnavailableError, type Queryable } from '../db/database.js';
import { countWebhooksByKey } from '../db/sealed-values.js';
import type { Logger } from '../log.js';
import { UnreadableError, type Sealer } from './seal.js';
import { findUnreadableKeys, remedy, type UnreadableKey } from './check-encryption.js';

export interface EncryptionWatch {
  /** The sealer whose failures are watched: use this one. */
  sealer: Sealer;
  /** Whether the keys here open what is stored; at most 5 s out of date. @throws {DatabaseUnavailableError} */
  state(): Promise<'current' | 'unknown_key'>;
  close(): void;
}

/**
 * Another process may begin to seal with a key that this one does not know. Checks once a minute, and logs
 * `sealer.unknown_key` for each key that is missing, wrong or could not open a value, at most once a minute per key.
 */
export function watchEncryption(
  { db, sealer, log }: { db: Queryable; sealer: Sealer; log: Logger },
  { everyMs = 60_000, freshMs = 5_000 } = {},
): EncryptionWatch {
  /** By key: how many values could not be opened since its last log line. */
  const failures = new Map<string | null, number>();
  const loggedAt = new Map<string | null, number>();
  let last: { atMs: number; found: Promise<UnreadableKey[]> } | undefined;

  const find = (maxAgeMs: number): Promise<UnreadableKey[]> => {
    // One check for all concurrent callers. With the bare sealer, so that its samples do not count as failures.
    if (!last || performance.now() - last.atMs >= maxAgeMs)
      last = { atMs: performance.now(), found: findUnreadableKeys(db, sealer) };
    const { found } = last;
    // A failed check is not kept.
    found.catch(() => (last = last?.found === found ? undefined : last));
    return found;
  };

  function logKey(keyId: string | null, fields: { webhooks?: number; reason?: UnreadableKey['reason'] } = {}): void {
    // A little less than the interval, since a timer may be early.
    if (performance.now() - (loggedAt.get(keyId) ?? -Infinity) < everyMs * 0.9) return;
    loggedAt.set(keyId, performance.now());
    const failed = failures.get(keyId) ?? 0;
    failures.delete(keyId);
    log.error({ keyId, ...fields, failed, keysHere: sealer.keyIds, remedy }, 'sealer.unknown_key');
  }

  async function check(): Promise<void> {
    try {
      const found = await find(0);
      const webhooks = found.length > 0 ? await countWebhooksByKey(db) : undefined;
      for (const { keyId, reason } of found) logKey(keyId, { reason, webhooks: webhooks?.get(keyId) ?? 0 });
    } catch (error) {
      // An outage of Postgres is logged elsewhere.
      if (!isClosed && !(error instanceof DatabaseUnavailableError)) log.warn({ error }, 'sealer.check_failed');
    }
    for (const keyId of failures.keys()) logKey(keyId);
  }
  let isClosed = false;
  const timer = setInterval(() => void check(), everyMs).unref();

  return {
    sealer: {
      ...sealer,
      open(sealed, context) {
        try {
          return sealer.open(sealed, context);
        } catch (error) {
          if (error instanceof UnreadableError) {
            failures.set(error.keyId, (failures.get(error.keyId) ?? 0) + 1);
            logKey(error.keyId);
          }
          throw error;
        }
      },
    },
    state: async () => ((await find(freshMs)).length === 0 ? 'current' : 'unknown_key'),
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}
