import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { insertTenant, resolveTenant } from '../../../src/db/tenants.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('resolveTenant', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 1 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  it("finds a tenant by the platform's id of it, and by its own id in upper or lower case", async () => {
    const tenant = await insertTenant(db, { name: 'Acme', externalId: '42' });
    const { id } = (await insertTenant(db, { name: 'Other', externalId: null }))!;
    assert.equal(await resolveTenant(db, '42'), tenant!.id);
    assert.equal(await resolveTenant(db, id), id);
    assert.equal(await resolveTenant(db, id.toUpperCase()), id);
  });

  it('finds no tenant by anything else that a switch may send', async () => {
    const texts = ['', '43', ' 42', '42\0', '\ud800', "' or true --", '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a'];
    for (const text of [...texts, 'x'.repeat(100_000)]) assert.equal(await resolveTenant(db, text), null);
  });
});
