import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { replaceSecret } from '../../../src/db/webhooks.js';
import { sealContext } from '../../../src/encryption/seal-context.js';
import { createSealer, sealedKeyId, type EncryptionKey } from '../../../src/encryption/seal.js';
import { resealAll } from '../../../src/encryption/reseal.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';
import { sealInVersion1 } from '../../support/seal-version-1.js';

const newKey = (id: string): EncryptionKey => ({ id, key: randomBytes(32) });

describe('the rotation of the encryption key', () => {
  const [old, next] = [newKey('old'), newKey('new')];
  const [oldSealer, ring] = [createSealer([old]), createSealer([next, old])];
  const nextAlone = createSealer([next]);
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  beforeEach(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 5 });
    tenantId = await insertTenant(database.pool);
  });
  afterEach(async () => {
    await db.close();
    await database.drop();
  });

  const seal = (text: string, by = oldSealer) => by.seal(text, sealContext.secret(tenantId));
  const insert = (text: string, by = oldSealer) =>
    insertWebhook(database.pool, tenantId, { sealedSecret: seal(text, by) });
  const insertMany = async (count: number) => {
    const ids: number[] = [];
    for (let i = 0; i < count; i++) ids.push(await insert(`whsec_${i}`));
    return ids;
  };
  const change = (id: number, set: string, ...values: unknown[]) =>
    database.pool.query(`update webhooks set ${set} where id = $1`, [id, ...values]);

  interface Row {
    id: number;
    secret_sealed: Buffer;
    headers_sealed: Buffer | null;
    previous_secret_sealed: Buffer | null;
    enabled: boolean;
    disabled_reason: string | null;
    settling_since: Date | null;
    updated_at: Date;
  }
  const rowsOf = async () => (await database.pool.query<Row>('select * from webhooks order by id')).rows;
  const rowOf = async (id: number) => (await rowsOf()).find((row) => row.id === id)!;
  const openSecret = (sealed: Buffer | null, by = nextAlone) => sealed && by.open(sealed, sealContext.secret(tenantId));

  it('seals everything with the first key: secrets, previous secrets and headers, even of deleted webhooks', async () => {
    const full = await insert('whsec_a');
    await change(
      full,
      `headers_sealed = $2, previous_secret_sealed = $3, previous_secret_expires_at = now() + interval '1 day'`,
      oldSealer.seal('{"X-A":"b"}', sealContext.headers(tenantId)),
      seal('whsec_before'),
    );
    const unnamed = await insert('whsec_b');
    await change(unnamed, 'secret_sealed = $2', sealInVersion1(old.key, 'whsec_b', sealContext.secret(tenantId)));
    const deleted = await insert('whsec_c');
    await change(deleted, 'deleted_at = now(), enabled = false');
    const done = await insert('whsec_d', nextAlone);
    const before = await rowsOf();

    const progress: unknown[] = [];
    const result = await resealAll(db, ring, { batchSize: 2, onProgress: (each) => progress.push(each) });
    assert.deepEqual(result, { resealed: 5, unreadable: [], discarded: 0, busy: 0 });
    assert.deepEqual(progress, [
      { webhooks: 2, of: 3, resealed: 4 },
      { webhooks: 3, of: 3, resealed: 5 },
    ]);
    const rows = await rowsOf();
    assert.deepEqual(
      rows.map((row) => openSecret(row.secret_sealed)),
      ['whsec_a', 'whsec_b', 'whsec_c', 'whsec_d'],
    );
    assert.equal(openSecret(rows[0]!.previous_secret_sealed), 'whsec_before');
    assert.equal(nextAlone.open(rows[0]!.headers_sealed!, sealContext.headers(tenantId)), '{"X-A":"b"}');
    assert.deepEqual((await rowOf(done)).secret_sealed, before[3]!.secret_sealed);
    // The webhooks' settings have not changed.
    assert.deepEqual(
      rows.map((row) => row.updated_at),
      before.map((row) => row.updated_at),
    );

    assert.equal((await resealAll(db, ring)).resealed, 0);
    assert.deepEqual(await rowsOf(), rows);
  });

  it('continues after it was interrupted: each batch is independent', async () => {
    await insertMany(25);
    let statements = 0;
    const dies: Database = {
      ...db,
      query: (statement, values) => {
        // the count, then three batches of two statements each
        if (++statements > 7) throw new Error('killed');
        return db.query<never>(statement, values);
      },
    };
    await assert.rejects(resealAll(dies, ring, { batchSize: 5 }), /killed/);
    const keys = (await rowsOf()).map((row) => sealedKeyId(row.secret_sealed));
    assert.deepEqual([keys.filter((id) => id === 'new').length, keys.filter((id) => id === 'old').length], [15, 10]);
    assert.deepEqual(
      (await rowsOf()).map((row) => openSecret(row.secret_sealed, ring)),
      texts(25),
    );

    assert.equal((await resealAll(db, ring, { batchSize: 5 })).resealed, 10);
    assert.deepEqual(
      (await rowsOf()).map((row) => openSecret(row.secret_sealed)),
      texts(25),
    );
  });

  const texts = (count: number) => Array.from({ length: count }, (_, i) => `whsec_${i}`);

  it('never restores a secret that was rotated between its read and its write', async () => {
    const [id] = await insertMany(2);
    let isRotated = false;
    const interleaved: Database = {
      ...db,
      async query(statement, values) {
        const result = await db.query<never>(statement, values);
        if (!isRotated && typeof statement === 'string' && statement.includes('is_deleted')) {
          isRotated = true;
          // by a process that still seals with the old key
          await replaceSecret(db, tenantId, id!, {
            sealedSecret: seal('whsec_rotated'),
            previousSecretExpiresAt: new Date(Date.now() + 60_000),
          });
        }
        return result;
      },
    };
    const result = await resealAll(interleaved, ring);
    assert.deepEqual([isRotated, result.busy, result.unreadable], [true, 0, []]);
    const row = await rowOf(id!);
    assert.equal(openSecret(row.secret_sealed), 'whsec_rotated');
    assert.equal(openSecret(row.previous_secret_sealed), 'whsec_0');
  });

  it('does not wait for locks: a locked webhook comes last, or stays for the next run', async () => {
    const ids = await insertMany(3);
    const holder = await database.pool.connect();
    await holder.query('begin');
    await holder.query('update webhooks set secret_sealed = $2 where id = $1', [ids[0], seal('whsec_rotated')]);
    const stuck = await resealAll(db, ring, { timeoutMs: 0 });
    assert.deepEqual([stuck.resealed, stuck.busy], [2, 1]);

    let checks = 0;
    const retrying = resealAll(db, ring, {
      onProgress: () => {
        if (++checks === 2) void holder.query('commit').then(() => holder.release());
      },
    });
    assert.deepEqual(await retrying, { resealed: 1, unreadable: [], discarded: 0, busy: 0 });
    assert.equal(openSecret((await rowOf(ids[0]!)).secret_sealed), 'whsec_rotated');
  });

  it('may run several times in parallel, alongside rotations of secrets, and every secret stays readable', async () => {
    const ids = await insertMany(40);
    const secrets = new Map(ids.map((id, i) => [id, `whsec_${i}`]));
    const rotateSome = async () => {
      for (const id of ids.filter((_, i) => i % 4 === 0)) {
        const secret = `whsec_rotated_${id}`;
        const sealedSecret = seal(secret, id % 8 < 4 ? oldSealer : ring);
        await replaceSecret(db, tenantId, id, { sealedSecret, previousSecretExpiresAt: null });
        secrets.set(id, secret);
      }
    };
    const [one, two] = await Promise.all([
      resealAll(db, ring, { batchSize: 7 }),
      resealAll(db, ring, { batchSize: 11 }),
      rotateSome(),
    ]);
    const last = await resealAll(db, ring);
    for (const result of [one, two, last]) assert.deepEqual([result.unreadable, result.busy], [[], 0]);
    for (const row of await rowsOf()) assert.equal(openSecret(row.secret_sealed), secrets.get(row.id));
  });

  it('keeps and names values that no key opens, and seals the rest', async () => {
    const lost = createSealer([newKey('lost')]);
    const broken = await insert('whsec_x', lost);
    const good = await insert('whsec_y');
    const brokenHeaders = await insert('whsec_z');
    await change(brokenHeaders, 'headers_sealed = $2', sealInVersion1(randomBytes(32), '{}', 'x'));
    const deleted = await insert('whsec_d', lost);
    await change(deleted, 'deleted_at = now()');
    const result = await resealAll(db, ring, { batchSize: 1 });
    assert.deepEqual(result, {
      resealed: 2,
      discarded: 0,
      busy: 0,
      unreadable: [
        { webhookId: broken, column: 'secret_sealed', keyId: 'lost' },
        { webhookId: brokenHeaders, column: 'headers_sealed', keyId: null },
      ],
    });
    assert.equal(openSecret((await rowOf(good)).secret_sealed), 'whsec_y');
    assert.equal(sealedKeyId((await rowOf(broken)).secret_sealed), 'lost');
  });

  it('discards values whose key is declared lost, and nothing else', async () => {
    const [lost, missing] = [createSealer([newKey('lost')]), createSealer([newKey('missing')])];
    const noSecret = await insert('whsec_1', lost);
    const noHeaders = await insert('whsec_2');
    await change(noHeaders, 'headers_sealed = $2', lost.seal('{}', sealContext.headers(tenantId)));
    const noPrevious = await insert('whsec_3');
    await change(
      noPrevious,
      `previous_secret_sealed = $2, previous_secret_expires_at = now() + interval '1 day'`,
      seal('x', lost),
    );
    const kept = await insert('whsec_4', missing);

    const disabledIds: number[] = [];
    const result = await resealAll(db, ring, {
      lostKeys: ['lost'],
      onDisabled: ({ webhookId, tenantId: of }) => disabledIds.push(of === tenantId ? webhookId : NaN),
    });
    assert.deepEqual(result.discarded, 2);
    assert.deepEqual(disabledIds, [noSecret, noHeaders]);
    assert.deepEqual(result.unreadable, [{ webhookId: kept, column: 'secret_sealed', keyId: 'missing' }]);
    const secretless = await rowOf(noSecret);
    assert.match(openSecret(secretless.secret_sealed)!, /^whsec_.{40,}/);
    assert.deepEqual(
      [secretless.enabled, secretless.disabled_reason],
      [false, 'the service has lost its signing secret: replace the secret, then enable it again'],
    );
    assert.ok(secretless.settling_since, 'the sweeper holds its deliveries');
    const { rows: health } = await database.pool.query(
      `select h.webhook_id, h.state, c.reason = w.disabled_reason as reason_kept from webhook_health h
         join webhook_health_changes c using (webhook_id) join webhooks w on w.id = h.webhook_id order by webhook_id`,
    );
    const disabled = { state: 'disabled', reason_kept: true };
    assert.deepEqual(health, [
      { webhook_id: noSecret, ...disabled },
      { webhook_id: noHeaders, ...disabled },
    ]);
    const headerless = await rowOf(noHeaders);
    assert.deepEqual(
      [openSecret(headerless.secret_sealed), headerless.headers_sealed, headerless.enabled, headerless.disabled_reason],
      ['whsec_2', null, false, 'the service has lost its headers: set the headers, then enable it again'],
    );
    const { rows: audited } = await database.pool.query<{ subject_id: string; reason: string }>(
      `select subject_id, changes->'disabled_reason'->>'new' as reason from audit_entries
        where action = 'webhook.disabled' and tenant_id = $1 order by created_at`,
      [tenantId],
    );
    assert.deepEqual(
      audited.map((row) => [row.subject_id, row.reason]),
      [
        [String(noSecret), secretless.disabled_reason],
        [String(noHeaders), headerless.disabled_reason],
      ],
    );
    const single = await rowOf(noPrevious);
    assert.deepEqual(
      [openSecret(single.secret_sealed), single.previous_secret_sealed, single.enabled],
      ['whsec_3', null, true],
    );
    const untouched = await rowOf(kept);
    assert.deepEqual([sealedKeyId(untouched.secret_sealed), untouched.enabled], ['missing', true]);
  });
});
