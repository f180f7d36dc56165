import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { listSealedKeys, listStoredKeyIds } from '../../../src/db/sealed-values.js';
import { createSealer, keyIdForm, sealedKeyId } from '../../../src/encryption/seal.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

describe('sealed values', () => {
  let database: TestDatabase;
  before(async () => void (database = await createTestDatabase()));
  after(() => database.drop());

  const seal = (id: string) => createSealer([{ id, key: randomBytes(32) }]).seal('text', 'context');

  async function inSql(values: (Buffer | null)[]): Promise<(string | null)[]> {
    const { rows } = await database.pool.query<{ id: string | null }>(
      'select sealed_key_id(v) as id from unnest($1::bytea[]) with ordinality as u(v, n) order by n',
      [values],
    );
    return rows.map((row) => row.id);
  }

  it('have the same key id in SQL and in the program, and no bytes cause an error', async () => {
    const version1 = Buffer.from('AQON/rL6DJqwdVaT0U6FHHhDX20rQtoe0Wz+NtMObn84WX07Hn/0', 'base64');
    const sealed = ['a', 'A-z_09', 'x'.repeat(32)].map(seal);
    assert.deepEqual(await inSql([version1, null, Buffer.alloc(0), Buffer.of(2), Buffer.of(2, 3, 97), ...sealed]), [
      ...[null, null, null, null, null],
      ...['a', 'A-z_09', 'x'.repeat(32)],
    ]);
    const bytes = fc.uint8Array({ maxLength: 60 });
    const nearly = bytes.map((rest) => Uint8Array.of(2, ...rest));
    const samples = fc.sample(fc.oneof(bytes, nearly), 2_000).map((each) => Buffer.from(each));
    // Damaged bytes may contain an id that no key can have; the program then finds no id.
    const ids = (await inSql(samples)).map((id) => (id !== null && keyIdForm.test(id) ? id : null));
    assert.deepEqual(ids, samples.map(sealedKeyId));
  });

  it('show which keys they need, without deleted webhooks and expired secrets, by index scans alone', async () => {
    const { pool } = database;
    const tenantId = await insertTenant(pool);
    const insert = (sealedSecret: Buffer) => insertWebhook(pool, tenantId, { sealedSecret });
    for (const id of ['b', 'a', 'b', 'c', 'a']) await insert(seal(id));
    const withAll = await insert(Buffer.of(1, 0));
    await pool.query(
      `update webhooks set headers_sealed = $2, previous_secret_sealed = $3, previous_secret_expires_at = now() + interval '1 day'
        where id = $1`,
      [withAll, seal('h'), seal('p')],
    );
    const over = await insert(seal('a'));
    await pool.query(
      `update webhooks set previous_secret_sealed = $2, previous_secret_expires_at = now() - interval '1 s' where id = $1`,
      [over, seal('over')],
    );
    const deleted = await insert(seal('deleted'));
    await pool.query('update webhooks set deleted_at = now() where id = $1', [deleted]);

    const keys = (await listSealedKeys(pool)).map(({ column, keyId }) => `${column} ${keyId}`);
    assert.deepEqual(keys.sort(), [
      'headers_sealed h',
      'previous_secret_sealed p',
      'secret_sealed a',
      'secret_sealed b',
      'secret_sealed c',
      'secret_sealed null',
    ]);
    assert.deepEqual((await listStoredKeyIds(pool)).map(String).sort(), [
      'a',
      'b',
      'c',
      'deleted',
      'h',
      'null',
      'over',
      'p',
    ]);

    // With 20,000 rows, only a few are read.
    await pool.query(
      `insert into webhooks (tenant_id, url, events, secret_sealed) select $1, 'http://127.0.0.1:9/', '{*}', $2 from generate_series(1, 20000)`,
      [tenantId, seal('a')],
    );
    await pool.query('analyze webhooks');
    const explained: string[] = [];
    const db = {
      async query(statement: string, values?: unknown[]) {
        const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain ${statement}`, values);
        explained.push(...rows.map((row) => row['QUERY PLAN']));
        return { rows: [] };
      },
    };
    await listSealedKeys(db as never);
    assert.ok(explained.some((line) => line.includes('webhooks_by_secret_key')));
    assert.deepEqual(
      explained.filter((line) => /Seq Scan/.test(line)),
      [],
    );
  });
});
