import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openDatabase, DatabaseUnavailableError } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { sealContext } from '../../../src/encryption/seal-context.js';
import { createSealer, UnreadableError, type EncryptionKey } from '../../../src/encryption/seal.js';
import { watchEncryption } from '../../../src/encryption/watch-encryption.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';
import { waitFor } from '../../support/wait-for.js';

const newKey = (id: string): EncryptionKey => ({ id, key: randomBytes(32) });
const never = 1_000_000;

describe('the monitoring of the encryption keys', () => {
  const [here, elsewhere] = [createSealer([newKey('here')]), createSealer([newKey('elsewhere')])];
  let database: TestDatabase;
  let tenantId: string;
  let closers: (() => unknown)[];
  beforeEach(async () => {
    database = await createTestDatabase();
    tenantId = await insertTenant(database.pool);
    closers = [() => database.drop()];
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
  });

  function watch(options: { everyMs: number; freshMs: number }, url = database.url) {
    const db = openDatabase({ url, poolSize: 2 });
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
    const log = createLogger({ level: 'info', format: 'json' }, destination);
    const watched = watchEncryption({ db, sealer: here, log }, options);
    closers.push(
      () => db.close(),
      () => watched.close(),
    );
    return { ...watched, lines };
  }
  const insert = (by = elsewhere) =>
    insertWebhook(database.pool, tenantId, { sealedSecret: by.seal('whsec_x', sealContext.secret(tenantId)) });

  it('reports within the interval that another process seals with a missing key, and when that is over', async () => {
    const { state, lines } = watch({ everyMs: 50, freshMs: 0 });
    await insert(here);
    assert.equal(await state(), 'current');
    const id = await insert();
    assert.equal(await state(), 'unknown_key');
    const line = await waitFor(() => lines[0], { what: 'a line of the log' });
    assert.deepEqual(
      [line['level'], line['msg'], line['keyId'], line['reason'], line['webhooks']],
      ['error', 'sealer.unknown_key', 'elsewhere', 'missing', 1],
    );
    assert.match(String(line['remedy']), /IRISX_ENCRYPTION_KEYS/);
    await database.pool.query('update webhooks set deleted_at = now() where id = $1', [id]);
    assert.equal(await state(), 'current');
  });

  it('counts values that could not be opened, and logs the first immediately, but not each one', async () => {
    const { sealer, lines } = watch({ everyMs: never, freshMs: never });
    const sealed = elsewhere.seal('whsec_x', 'somewhere');
    for (let i = 0; i < 20; i++) assert.throws(() => sealer.open(sealed, 'somewhere'), UnreadableError);
    assert.deepEqual(
      lines.map((line) => [line['msg'], line['keyId'], line['failed']]),
      [['sealer.unknown_key', 'elsewhere', 1]],
    );
    assert.equal(sealer.open(sealer.seal('text', 'somewhere'), 'somewhere'), 'text');
    assert.equal(lines.length, 1);
  });

  it('queries Postgres once for simultaneous calls, and does not cache a failure', async () => {
    const { state, lines } = watch({ everyMs: never, freshMs: never });
    const states = await Promise.all(Array.from({ length: 20 }, () => state()));
    assert.deepEqual(new Set(states), new Set(['current']));
    await insert();
    assert.equal(await state(), 'current', 'as it was a moment ago');
    const away = watch({ everyMs: 20, freshMs: never }, 'postgres://irisx:x@127.0.0.1:1/irisx');
    for (let i = 0; i < 2; i++) await assert.rejects(away.state(), DatabaseUnavailableError);
    assert.deepEqual([lines, away.lines], [[], []], 'Postgres away is told by others');
  });
});
