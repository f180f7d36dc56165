import { parseArgs } from 'node:util';
import { loadRotationConfig, type RotationConfig } from '../config/encryption.js';
import { ConfigError } from '../config/environment.js';
import { auditLine, system } from '../db/audit.js';
import { openDatabase, type Database } from '../db/database.js';
import { listStoredKeyIds } from '../db/sealed-values.js';
import { createLogger, type Logger } from '../log.js';
import { createSealer, keyIdsOf } from '../encryption/seal.js';
import { findUnreadableKeys } from '../encryption/check-encryption.js';
import { pendingMigrations, readSchema } from '../db/migrations.js';
import { resealAll, type UnreadableValue } from '../encryption/reseal.js';

/**
 * `npm run rotate-encryption-key`: reseals with the first key of IRISX_ENCRYPTION_KEYS whatever another key sealed,
 * while services run. Exits with 1 if it could not reseal everything. For a key that is lost for good:
 * `-- --lost-key <id>` (repeatable; `--lost-key-without-id` for values that name no key) gives up the values that need
 * it and cannot be opened. Their webhooks are disabled until their tenants have set the secret or the headers again.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'lost-key': { type: 'string', multiple: true, default: [] },
      'lost-key-without-id': { type: 'boolean', default: false },
    },
  });
  const lostKeys = [...values['lost-key'], ...(values['lost-key-without-id'] ? [null] : [])];
  const config = loadRotationConfig(process.env);
  const log = createLogger({ ...config.log, name: 'rotate-encryption-key' });
  const db = openDatabase({ url: config.databaseUrl, poolSize: 2, applicationName: 'irisx-rotate-encryption-key' });
  try {
    return await rotate(db, config, log, lostKeys);
  } catch (error) {
    log.fatal({ error }, 'encryption.rotation_failed');
    return 1;
  } finally {
    await db.close();
  }
}

async function rotate(
  db: Database,
  { encryptionKeys }: RotationConfig,
  log: Logger,
  lostKeys: (string | null)[],
): Promise<number> {
  const pending = await pendingMigrations(db, await readSchema());
  if (pending.length > 0)
    throw new Error(`Migrations are pending: ${pending.join(', ')}. Run \`npm run migrate\` first.`);
  const sealer = createSealer(encryptionKeys);
  const keyId = encryptionKeys[0]!.id;
  // Values that name the first key count as done. If they were sealed with a different key of that id, this finds it.
  if ((await findUnreadableKeys(db, sealer)).some(({ keyId: id }) => id === keyId))
    throw new Error(
      `Stored values name the key ${keyId}, but the key with this id here does not open them. Give the new key its own id.`,
    );
  log.info({ keyId }, 'encryption.rotating');
  const { resealed, unreadable, discarded, busy } = await resealAll(db, sealer, {
    lostKeys,
    // disable_webhook wrote the entry in the audit log.
    onDisabled: ({ webhookId, tenantId }) =>
      log.warn(auditLine(system, 'webhook.disabled', tenantId, webhookId), 'audit'),
    onProgress: (progress) => log.info(progress, 'encryption.progress'),
  });
  logUnreadable(unreadable, log);
  if (busy > 0)
    log.error(
      { values: busy },
      'encryption.busy: their webhooks were locked, or changed by a process that still seals with another key; run this again',
    );

  const stored = await listStoredKeyIds(db);
  const isNeeded = (key: (typeof encryptionKeys)[number]) => keyIdsOf(key).some((id) => stored.includes(id));
  const old = encryptionKeys.slice(1);
  log.info(
    {
      keyId,
      resealed,
      unreadable: unreadable.length,
      ...(lostKeys.length > 0 && { disabledWebhooks: discarded }),
      stillNeeded: old.filter(isNeeded).map(({ id }) => id),
      noLongerNeeded: old.filter((key) => !isNeeded(key)).map(({ id }) => id),
    },
    old.some((key) => !isNeeded(key)) && busy === 0
      ? 'encryption.rotated: no stored value needs the keys in noLongerNeeded; Temporal may hold outcomes that do, for as long as docs/operations.md says'
      : 'encryption.rotated',
  );
  return unreadable.length > 0 || busy > 0 ? 1 : 0;
}

/** One line per missing key, with the first webhooks that need it. */
function logUnreadable(unreadable: UnreadableValue[], log: Logger): void {
  for (const keyId of new Set(unreadable.map((value) => value.keyId))) {
    const values = unreadable.filter((value) => value.keyId === keyId);
    const webhooks = [...new Set(values.map(({ webhookId }) => webhookId))];
    log.error(
      { keyId, values: values.length, webhooks: webhooks.length, firstWebhooks: webhooks.slice(0, 100) },
      'encryption.unreadable: add the key that opens them; if it is lost for good, give them up with -- --lost-key (docs/operations.md)',
    );
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isExpected = error instanceof ConfigError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!isExpected) throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}
